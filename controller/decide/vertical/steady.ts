import { clamp, exp, log } from '../../../core/model/math.ts'
import { serviceOf } from './cold.ts'
import { armsOf, plus, type Evidence } from './evidence.ts'
import { measure, type Measure } from './measure.ts'
import { modelSlope } from './model.ts'
import { elasticityAt, observe, slopeAt, type Observation } from './slope.ts'
import { longRequests, MAX_OBSERVATIONS, type LimitState } from './state.ts'
import { aimOf, cpuFull, guardCut, hold, mayBeBatcher, pointOf } from './verdict.ts'
import { reason, settled, tooLate, type Look, type Verdict } from './verdict.ts'

export const STEP = log(1.25)
const DEAD_BAND = 0.04
const LATE_CUT = log(1.15)
const ENOUGH = 20
const APP_LIMITED_PERMILLE = 50

/** Steady: compare neighbours, move by the slope that the comparisons and the model agree on. */
export function steady(look: Look): Verdict {
  const { state } = look
  if (state.order?.probe == null) return longRequests(state) ? trial(look) : rest(look)
  const { a, b } = armsOf(look.inputs.folds, state.order.n)
  const cut = a === null ? null : guardCut(look, a)
  if (cut !== null) return cut
  const aim = aimOf(state, look.settings)
  const low = a === null ? null : measure(a, aim)
  const high = b === null ? null : measure(b, aim)
  const other = state.order.probe.other
  if (a === null || b === null || low === null || high === null || few(low, high)) {
    if (elapsed(look) < 3 * state.planSeconds) {
      return hold(look, reason('probing', { limit: state.limit, other }))
    }
    return withdraw(look, Math.max(low?.bound ?? 0, high?.bound ?? 0))
  }
  const bound = other < state.limit ? high.bound : low.bound
  if (bound * 1000 < APP_LIMITED_PERMILLE) return withdraw(look, bound)
  const tripped = other > state.limit && b.guardSeconds > 0
  const marked = tripped ? { ...state, bad: worse(state, other, look.now) } : state
  const observation = observe(pointOf(state.limit, low), pointOf(other, high), look.now)
  const evidence = a.count >= ENOUGH ? a : plus(a, b)
  return move({ ...look, state: marked }, observation, low, evidence, other)
}

function few(low: Measure, high: Measure): boolean {
  return low.count < ENOUGH || high.count < ENOUGH
}

function elapsed(look: Look): number {
  return Math.round((look.now - look.state.orderAt) / 1000)
}

/** Too few requests reach the limit: the probe ends, the limit stays. */
function withdraw(look: Look, bound: number): Verdict {
  const why = reason('app-limited', { boundPermille: Math.round(bound * 1000) })
  return { ...hold(look, why), publish: look.state.order?.probe !== null }
}

/** No probe is out: wait until traffic reaches the limit and the pause is over. */
function rest(look: Look): Verdict {
  const { state, inputs } = look
  const { whole, since } = settled(look)
  const guarded = since ?? whole
  if (guarded !== null && guarded.guardSeconds > 0) {
    const cut = guardCut(look, guarded)
    if (cut !== null) return cut
    look = { ...look, state: { ...state, base: whole } }
  }
  const last = inputs.windows?.['30'] ?? null
  const done = last === null ? 0 : last.ok + last.server
  if (last === null || last.boundPermille < APP_LIMITED_PERMILLE || done < ENOUGH) {
    return hold(look, reason('app-limited', { boundPermille: last?.boundPermille ?? 0 }))
  }
  if (elapsed(look) < state.planSeconds && !tooLate(last.late / done, done)) {
    return hold(look, reason('flat', { limit: state.limit }))
  }
  return {
    ...hold(look, reason('flat', { limit: state.limit })),
    publish: true,
    next: sideOf(state),
  }
}

/** Long requests take no slots: this order is compared with the one before it. */
function trial(look: Look): Verdict {
  const { state, inputs } = look
  const { whole, since } = settled(look)
  if (whole === null || elapsed(look) < state.planSeconds) {
    return hold(look, reason('probing', { limit: state.limit, other: state.order?.limit ?? 0 }))
  }
  const e = since ?? whole
  const cut = guardCut(look, e)
  if (cut !== null) return cut
  const m = measure(e, aimOf(state, look.settings))
  if (m === null || m.count < ENOUGH) return hold(look, reason('app-limited', { boundPermille: 0 }))
  const tried = state.order?.limit ?? state.limit
  const before = state.previous
  const bound = Math.round(m.bound * 1000)
  if (bound < APP_LIMITED_PERMILLE && (inputs.windows?.['30']?.boundPermille ?? 0) < bound + 1) {
    return hold(look, reason('app-limited', { boundPermille: bound }))
  }
  const point = pointOf(tried, m)
  if (before === null || before.limit === tried) {
    return {
      ...hold(look, reason('flat', { limit: state.limit }), { ...state, previous: point }),
      publish: true,
      next: sideOf(state),
    }
  }
  const observation = observe(before, point, look.now)
  return move({ ...look, state: { ...state, previous: point } }, observation, m, e, tried)
}

/** Which way to compare next: on with a run, else in turn. */
function sideOf(state: LimitState): 'up' | 'down' {
  if (state.run !== 0) return state.run > 0 ? 'up' : 'down'
  return state.cycles % 2 === 0 ? 'up' : 'down'
}

function worse(state: LimitState, limit: number, now: number): NonNullable<LimitState['bad']> {
  const times = Math.min(5, (state.bad?.times ?? -1) + 1)
  return { limit, until: now + 300_000 * 2 ** times, times }
}

/** The step of one judged cycle. */
function move(
  look: Look,
  observation: Observation,
  m: Measure,
  evidence: Evidence,
  other: number,
): Verdict {
  const { state, settings, now } = look
  const from = state.limit
  const lnL = log(from)
  const observations = [...state.observations, observation].slice(-MAX_OBSERVATIONS)
  const prior = cpuFull(look.inputs) ? { mean: 0.05, variance: 0.0225 } : state.elasticity
  const e = elasticityAt(observations, lnL, now, { ...prior, variance: prior.variance + 0.04 })
  const aim = aimOf(state, settings)
  const model = modelSlope(evidence.histogram, clamp(e.mean, 0, 1), aim)
  const trust = 0.0625 + e.variance + 0.25 * model * model
  const fit = slopeAt(observations, lnL, now, { mean: model, variance: trust })
  const sure = (fit.slope * fit.slope) / (fit.slope * fit.slope + fit.error * fit.error)
  const cap = STEP * Math.min(3, 1 + (fit.slope * state.run > 0 ? Math.abs(state.run) : 0))
  const clear = Math.abs(observation.slopeU) > 2 * Math.sqrt(observation.varU)
  const reach = clear ? Math.abs(log(other) - lnL) : 0
  const bySlope = clamp((fit.slope / fit.curvature) * sure, -cap, cap)
  const wide = observation.slopeU * (log(other) - lnL) > 0 && reach > cap
  const slopeStep = wide ? log(other) - lnL : bySlope
  const late = tooLate(m.late, m.count) && fit.slope < fit.error
  const step = late ? Math.min(slopeStep, -LATE_CUT) : slopeStep
  const numbers = {
    slopeMilli: Math.round(fit.slope * 1000),
    errorMilli: Math.round(fit.error * 1000),
    curvatureMilli: Math.round(fit.curvature * 1000),
    modelMilli: Math.round(model * 1000),
    elasticityMilli: Math.round(e.mean * 1000),
    observedMilli: Math.round(observation.slopeU * 1000),
    latePermille: Math.round(m.late * 1000),
    xMilli: Math.round(m.x * 1000),
  }
  const wants = Math.abs(step) < DEAD_BAND ? from : target(look, from, step, late)
  const proposals = [{ rule: 'slope', wants: target(look, from, slopeStep, false), numbers }]
  if (late) proposals.push({ rule: 'late', wants, numbers })
  const quiet = wants === from && fit.error < 0.25
  return {
    wants,
    atLeast: Math.max(1, Math.floor(from * exp(-Math.max(cap, reach, LATE_CUT)))),
    atMost: Math.ceil(from * exp(Math.max(cap, reach))),
    publish: true,
    next: quiet ? 'none' : sideOf({ ...state, run: sign(wants - from), cycles: state.cycles + 1 }),
    proposals,
    reasons: [
      wants === from
        ? reason('flat', { limit: from })
        : late && wants < from
          ? reason('late', { latePermille: numbers.latePermille, from, to: wants })
          : reason(wants > from ? 'slope-up' : 'slope-down', { from, to: wants }),
    ],
    state: {
      ...state,
      observations,
      service: serviceOf(m),
      latePermille: numbers.latePermille,
      run: nextRun(state.run, wants - from),
      cycles: state.cycles + 1,
      skip: quiet ? Math.min(7, 2 * state.skip + 1) : 0,
    },
  }
}

function sign(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : 0
}

function nextRun(run: number, change: number): number {
  const way = sign(change)
  return way === 0 ? 0 : way === sign(run) ? clamp(run + way, -3, 3) : way
}

/** A step in ln L as a limit: never into a limit that tripped the guard, nor a batcher's flat start. */
function target(look: Look, from: number, step: number, late: boolean): number {
  const { state, settings, now } = look
  const wanted = Math.max(1, Math.round(from * exp(step)))
  if (wanted > from && state.bad !== null && now < state.bad.until) {
    return Math.max(from, Math.min(wanted, state.bad.limit - 1))
  }
  const floor = settings['latency-objective'] === null && !late && mayBeBatcher(look, wanted)
  return wanted < from && floor ? Math.min(from, 8) : wanted
}
