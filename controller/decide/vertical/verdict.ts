import type { Inputs, Proposal, Reason } from '../../../core/model/decision.ts'
import { clamp, log } from '../../../core/model/math.ts'
import type { ReasonCode } from '../../../core/model/reasons.ts'
import type { Settings } from '../../../core/model/settings.ts'
import { minus, wholeOf, type Evidence } from './evidence.ts'
import { PRICE_WITH_OBJECTIVE, PRICE_WITHOUT, type Aim, type Measure } from './measure.ts'
import { objectiveUs, raisedFrom, type LimitState } from './state.ts'
import { round, type Point } from './slope.ts'

/** What the learner is told: the world, what it remembers, and the time in ms. */
export interface Look {
  inputs: Inputs
  state: LimitState
  settings: Settings
  now: number
}

/** What the evidence says, before bounds. */
export interface Verdict {
  wants: number
  /** One step may reach these. */
  atLeast: number
  atMost: number
  /** Whether a new order is due even if the limit stays (a probe begins or ends). */
  publish: boolean
  /** Which way the next comparison goes; `none` rests. */
  next: 'up' | 'down' | 'none'
  proposals: Proposal[]
  reasons: Reason[]
  state: LimitState
}

export function reason(code: ReasonCode, numbers: Record<string, number> = {}): Reason {
  return { code, numbers }
}

/** Nothing changes. */
export function hold(look: Look, why: Reason, state = look.state): Verdict {
  const wants = state.limit
  return {
    wants,
    atLeast: wants,
    atMost: wants,
    publish: false,
    next: 'none',
    proposals: [{ rule: 'hold', wants, numbers: {} }],
    reasons: [why],
    state,
  }
}

export function aimOf(state: LimitState, settings: Settings): Aim {
  return {
    objectiveUs: objectiveUs(state, settings),
    price: settings['latency-objective'] === null ? PRICE_WITHOUT : PRICE_WITH_OBJECTIVE,
  }
}

export function pointOf(limit: number, m: Measure): Point {
  return {
    limit,
    lnX: round(m.lnX),
    varX: round(m.varX),
    lnU: round(m.lnU),
    varU: round(m.varU),
  }
}

/** Replicas that report, at least one. */
export function reportingOf(inputs: Inputs): number {
  return Math.max(1, inputs.windows?.['3']?.reporting ?? inputs.replicas.ready)
}

function cpuPermille({ inputs, state }: Look): number | null {
  return inputs.windows?.[state.phase === 'cold' ? '3' : '20']?.cpuPermille ?? null
}

/**
 * The most that throughput can gain from twice the limit, as an elasticity: a CPU in use by a share c
 * has room for 1/c times as much (batchers excepted, which measurement then tells). 1 where unknown.
 */
export function cpuRoom(look: Look): number {
  const cpu = cpuPermille(look)
  return cpu === null ? 1 : clamp(log(1000 / Math.max(1, cpu)) / log(2), 0, 1)
}
/** Variance of what the CPU says about the elasticity. */
export const CPU_VARIANCE = 0.0225

/** Below this, flat throughput proves nothing unless the CPU is full: batchers look flat at 1 to 3. */
export const FLAT_BELOW = 8

export function mayBeBatcher(look: Look, limit: number): boolean {
  return limit < FLAT_BELOW && (cpuPermille(look) ?? 0) < 850
}

/** What came under an order without slots since it settled; null while it settles or nothing came. */
export function settled(look: Look): { whole: Evidence | null; since: Evidence | null } {
  const whole = wholeOf(look.inputs.folds, look.state.order?.n ?? 0)
  const base = look.state.base
  if (whole === null || base === null) return { whole, since: null }
  // A new epoch, or an aggregator that forgot: what is subtracted must be part of what came.
  const fits =
    base.epoch === whole.epoch && base.seconds <= whole.seconds && base.count <= whole.count
  return { whole, since: fits ? minus(whole, base) : null }
}

/** Half the way in ln L. */
export function between(low: number, high: number): number {
  return Math.max(1, Math.round(Math.sqrt(low * high)))
}

/** More late answers than the guard allows, beyond chance. */
export function tooLate(late: number, count: number): boolean {
  return late > 0.12 + Math.sqrt(0.1 / count)
}

/**
 * Relaxation time from which the guard cuts each second what is late from long before: its mean is too low then,
 * and half is the least that is taken from it at once.
 */
const SLOW_US = 2_000_000

/** The fast guard was active for half of the time. */
export function isGuarded({ inputs }: Look, e: Evidence): boolean {
  const total = e.seconds + e.guardSeconds
  return e.guardSeconds * 2 >= total && total >= 4 * reportingOf(inputs)
}

/** Where it was, its mean is the better limit. Before any raise it may be a cold cache. */
export function guardCut(look: Look, e: Evidence): Verdict | null {
  if (!isGuarded(look, e)) return null
  const from = look.state.limit
  const raised = raisedFrom(look.state)
  const mean = Math.round(e.guardLimits / e.guardSeconds)
  const back = raised !== null ? between(raised.limit, from) : from
  const slow = (look.state.service?.relaxUs ?? 0) > SLOW_US
  const to = clamp(Math.min(mean, back), slow ? Math.ceil(from / 2) : 1, Math.max(1, from - 1))
  if (to === from) return null
  const phase = raised === null ? look.state.phase : 'steady'
  // What was reached step by step and then trips is a cliff: not there again for a while.
  const bad =
    look.state.phase === 'steady' && look.state.run > 0
      ? worse(look.state, from, look.now)
      : look.state.bad
  const state: LimitState = { ...look.state, phase, run: 0, skip: 0, previous: null, bad }
  return {
    wants: to,
    atLeast: 1,
    atMost: from,
    publish: true,
    next: phase === 'cold' ? 'none' : 'down',
    proposals: [{ rule: 'guard', wants: to, numbers: { seconds: e.guardSeconds } }],
    reasons: [reason('guard', { seconds: e.guardSeconds, from, to })],
    state,
  }
}

/** A limit that did harm is not tried again for a while, longer each time. */
export function worse(
  state: LimitState,
  limit: number,
  now: number,
): NonNullable<LimitState['bad']> {
  const times = Math.min(5, (state.bad?.times ?? -1) + 1)
  return { limit, until: now + 300_000 * (1 << times), times }
}
