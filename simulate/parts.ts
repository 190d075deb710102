import type { Ledger } from './ledger.ts'
import type { Front } from './path/front.ts'
import type { Gate } from './path/gate.ts'
import type { Patience } from './patience.ts'
import type { Model } from './plants/model.ts'
import type { Arrivals } from './traffic/arrivals.ts'

/** What a run is made of. */
export interface Parts {
  arrivals: Arrivals
  patience: Patience
  front: Front
  ledger: Ledger
  gate(name: string, nowUs: number): Gate
  model(index: number): Model
  /** us from a pod's creation until it is ready. */
  startUpUs(): number
  /** us from a model's death until its pod is taken for not ready. */
  unreadyUs(): number
  /** What a front is told that a pod may hold. */
  limit(): number
}
