import { log } from '../../../core/model/math.ts'
import type { Evidence } from './evidence.ts'
import { derivedFrom, measure, serviceOf, type Measure } from './measure.ts'
import { round } from './slope.ts'
import type { LimitState } from './state.ts'
import { cpuRoom, CPU_VARIANCE, type Look } from './verdict.ts'

/** Answers that tell a first p95; and one that is to replace it. */
const FIRST = 10
const MANY = 100
/** How much elasticity may differ from one limit to the next, as a variance: at a knee it falls from 1 to 0. */
const WANDERS = 0.16

/**
 * Without a given objective: four times the p95 of the first answers, at low load. Answers that are faster in
 * spite of a raise show that the first were slow for another reason, as those of a cold cache are.
 */
export function derive({ state, settings }: Look, e: Evidence): LimitState {
  if (settings['latency-objective'] !== null) return state
  const m = measure(e, { objectiveUs: null, price: 0 })
  const { derivedUs: known } = state
  if (m === null || m.count < (known === null ? FIRST : MANY)) return state
  return { ...state, derivedUs: Math.min(known ?? Infinity, derivedFrom(m)) }
}

/** What this measurement teaches: service times, and the elasticity by a Kalman step. */
export function remember(state: LimitState, m: Measure, look: Look): LimitState {
  let { mean, variance } = state.elasticity
  const learn = (value: number, noise: number): void => {
    const gain = variance / (variance + noise)
    mean += gain * (value - mean)
    variance *= 1 - gain
  }
  const before = state.previous
  if (before !== null && before.limit !== state.limit) {
    const distance = log(state.limit / before.limit)
    variance += WANDERS
    // Where demand, not the limit, bounds throughput, a flat one says little.
    const slack = (1 - m.bound) * (1 - m.bound)
    learn((m.lnX - before.lnX) / distance, (m.varX + before.varX) / (distance * distance) + slack)
  }
  if (cpuRoom(look) < mean) learn(cpuRoom(look), CPU_VARIANCE)
  return {
    ...state,
    service: serviceOf(m),
    latePermille: Math.round(m.late * 1000),
    elasticity: { mean: round(Math.min(1, Math.max(-0.5, mean))), variance: round(variance) },
  }
}

/**
 * The elasticity from here to twice the limit: it falls on as it fell since the last limit (as it does for
 * contention, about as much at each doubling; at a knee it falls further), where that is no chance.
 */
export function aheadOf({ elasticity, previous, limit }: LimitState, after: LimitState): number {
  const { mean, variance } = after.elasticity
  const doublings = previous === null ? 1 : Math.max(1, log(limit / previous.limit) / log(2))
  const fall = Math.max(0, elasticity.mean - mean)
  return mean - (fall * fall * fall) / (fall * fall + 2 * variance) / doublings
}
