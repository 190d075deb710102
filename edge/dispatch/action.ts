import type { Listed } from './fleet.ts'

/** What a dispatcher is told of its endpoint, and what it says is to be done. */
export interface Terms {
  limit: number
  /** us a request may be held. */
  queueUs: number
  /** us a request may be held while there is no replica, or while there may be more of them soon. */
  holdUs: number
  /** More replicas are on their way, or would be asked for. */
  growing: boolean
  maxReplicas: number
  replicas: readonly Listed[]
}

/** Before the first table. */
export const NO_TERMS: Terms = {
  limit: 1,
  queueUs: 1_000_000,
  holdUs: 30_000_000,
  growing: false,
  maxReplicas: 1,
  replicas: [],
}

export type Action =
  /** Give it to the replica. `probing`: the replica is full as far as known. */
  | { kind: 'send'; id: number; replica: string; probing: boolean }
  | { kind: 'reject'; id: number; reason: 'full' | 'late' | 'no-replica'; retryAfterS: number }
  /** The last try failed and there is no retry left. */
  | { kind: 'fail'; id: number; replica: string }
  /** Requests are held and there is no replica: ask for one. */
  | { kind: 'activate' }

export type Ended = 'good' | 'bad' | 'unknown'
