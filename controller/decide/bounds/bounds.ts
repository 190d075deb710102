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
  /** The same with what does not last: remembered for a minute. */
  recentMilli: number
}

/**
 * Passes a need down the ladder; every step is recorded, changed or not. The window remembers what lasts of it
 * (`lastingMilli`), or what a bound made more of, but not that nothing was removed while replicas started or a limit
 * that had risen was unproven: that ends with its cause, and nothing of it was ever needed.
 */
export function climb(needMilli: number, sight: Sight, lastingMilli = needMilli): Climb {
  const steps: BoundStep[] = []
  const reasons: Reason[] = []
  let milli = needMilli
  let rememberMilli = needMilli
  let recentMilli = needMilli
  for (const [name, bound] of ladder) {
    if (name === 'limit-unproven') rememberMilli = milli > needMilli ? milli : lastingMilli
    if (name === 'window') recentMilli = milli
    const after = bound(milli, sight)
    steps.push({ bound: name, from: count(milli), to: count(after.milli), numbers: after.numbers })
    if (after.reason !== null) reasons.push({ code: after.reason, numbers: after.numbers })
    milli = after.milli
  }
  return { to: count(milli), steps, reasons, rememberMilli, recentMilli }
}
