import type { Log } from '../../core/runtime/log.ts'
import type { KeyPair } from '../../core/runtime/signing.ts'
import type { ClusterConfig, ControllerConfig } from '../config.ts'
import type { Kube } from './api/client.ts'
import type { Events } from './api/events.ts'
import type { Decide } from './injecting.ts'
import type { Surroundings } from './surroundings.ts'
import type { ScaleChanges } from './webhook/scaled.ts'

/**
 * A controller in a cluster. Each serves the webhooks; one holds the lease and decides; the others copy its
 * log, so that whichever is next goes on from it.
 */
export interface Member {
  /** host:port of the admin server. */
  address: string
  /** Resolves with why this one may go on no more: it ends, and starts anew as a standby. */
  over: Promise<string>
  close(): Promise<void>
}

/** What a controller in a cluster has from its start, whether it decides or not. */
export interface Around {
  config: ControllerConfig
  cluster: ClusterConfig
  version: string
  log: Log
  kube: Kube
  keys: KeyPair
  events: Events
  /** Who changed replicas, as far as a webhook saw it. */
  changes: ScaleChanges
  surroundings: Surroundings
  /** The injector, told of them. */
  decide: Decide
}
