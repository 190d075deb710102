import type { Settings } from '../../core/model/settings.ts'
import { freshReplicas, type ReplicasState } from './replicas-state.ts'
import { freshLimit, type LimitState } from './vertical.ts'

/**
 * All that decisions remember of an endpoint. Plain JSON, a few kB at most, hashed in canonical form.
 * It holds no clock that ticks by itself: deciding again on an idle endpoint gives the same state, so
 * that the log can write a repeat.
 */
export interface State {
  v: 1
  revision: string
  replicas: ReplicasState
  limit: LimitState
}

export function fresh(settings: Settings, revision: string): State {
  return { v: 1, revision, replicas: freshReplicas(), limit: freshLimit(settings, revision) }
}
