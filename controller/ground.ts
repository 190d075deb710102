import { join } from 'node:path'
import type { LogOptions } from '../core/model/log-options.ts'
import type { Settings } from '../core/model/settings.ts'
import type { EndpointWindows } from '../core/model/windows.ts'
import { rootKeys } from '../core/runtime/keys.ts'
import type { Route } from '../core/runtime/admin.ts'
import type { Log } from '../core/runtime/log.ts'
import type { MetricsPage } from '../core/runtime/metrics.ts'
import type { KeyPair } from '../core/runtime/signing.ts'
import type { ControllerConfig } from './config.ts'
import { httpPlatform, type PlatformLink } from './platform.ts'
import { SettingsFile } from './settings-file.ts'

/** What a controller stands on: one machine, or a cluster (kubernetes/ground.ts). */
export interface Ground {
  platform: PlatformLink
  settings: SettingsSource
  /** The root key pair: it vouches for the keys that sign orders. */
  keys: KeyPair
  /** The greatest epoch that another controller is known to have had. */
  epoch: number
  /** Others may have decided before us, and may not know yet that they do no more. */
  shared: boolean
  /**
   * Called before anything is done in a new epoch: makes what an older controller still asks fail. Rejects when
   * this one is told to end meanwhile.
   */
  raised(epoch: number): Promise<void>
  /** Who asked for `to` replicas since `since` (ms), where it can be known. */
  who(endpoint: string, to: number, since: number): string | null
  /** A new second of an endpoint has come. */
  second(windows: EndpointWindows): void
  /** More that the admin server answers, and shows on /metrics. */
  routes: Route[]
  metrics: MetricsPage | null
  /** Whether this is still the one that decides. */
  held(): boolean
}

export interface SettingsSource {
  /** Looks whether something changed. Never throws. */
  refresh(): void
  /** null: none are known yet; what is remembered stays, or else the defaults. */
  of(endpoint: string): Settings | null
  readonly logOptions: LogOptions
}

/** On one machine there is one controller, and its log knows the epochs. Throws BadConfig for a bad settings file. */
export function localGround(config: ControllerConfig, log: Log): Ground {
  const { platform, token, settingsFile, stateDir } = config
  if (typeof platform !== 'string') throw new Error('a cluster has its own ground')
  return {
    platform: httpPlatform(platform, token, log),
    settings: new SettingsFile(settingsFile, log),
    keys: rootKeys(join(stateDir, 'keys')),
    epoch: 0,
    shared: false,
    raised: () => Promise.resolve(),
    who: () => null,
    second: () => undefined,
    routes: [],
    metrics: null,
    held: () => true,
  }
}
