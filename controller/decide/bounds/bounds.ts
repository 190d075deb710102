import type { BoundStep, Reason } from '../../../core/model/decision.ts'
import type { Sight } from '../replicas-state.ts'
import { count, type Bounded } from './bounded.ts'
import { downPolicy, upPolicy, window } from './behavior.ts'
import {
  errors,
  limitClimbing,
  limitUnproven,
  missing,
  noData,
  onTheirWay,
  replacement,
  starting,
} from './evidence.ts'
import { noGain } from './gain.ts'
import { frozen, maxReplicas, minReplicas, override, tolerance } from './limits.ts'

type Bound = (milli: number, sight: Sight) => Bounded

/** The ladder, top to bottom. */
const ladder: readonly (readonly [string, Bound])[] = [
  ['no-data', noData],
  ['replacement', replacement],
  ['on-their-way', onTheirWay],
  ['missing-data', missing],
  ['errors', errors],
  ['limit-unproven', limitUnproven],
  ['not-scaled-yet', starting],
  ['window', window],
  ['no-gain', noGain],
  ['limit-climbing', limitClimbing],
  ['tolerance', tolerance],
  ['scale-up-policy', upPolicy],
  ['scale-down-policy', downPolicy],
  ['min-replicas', minReplicas],
  ['max-replicas', maxReplicas],
  ['override', override],
  ['frozen', frozen],
]

export interface Climb {
  to: number
  steps: BoundStep[]
  reasons: Reason[]
  /** The need as the window saw it: what its history remembers. */
  rememberMilli: number
}

/** Passes a need down the ladder; every step is recorded, changed or not. */
export function climb(needMilli: number, sight: Sight): Climb {
  const steps: BoundStep[] = []
  const reasons: Reason[] = []
  let milli = needMilli
  let rememberMilli = needMilli
  for (const [name, bound] of ladder) {
    if (name === 'window') rememberMilli = milli
    const after = bound(milli, sight)
    steps.push({ bound: name, from: count(milli), to: count(after.milli), numbers: after.numbers })
    if (after.reason !== null) reasons.push({ code: after.reason, numbers: after.numbers })
    milli = after.milli
  }
  return { to: count(milli), steps, reasons, rememberMilli }
}
