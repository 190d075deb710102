import { exp, log } from '../../../core/model/math.ts'
import { aimOf, cpuFull, guardCut, hold, mayBeBatcher, pointOf, reason } from './verdict.ts'
import { reportingOf, settled, type Look, type Verdict } from './verdict.ts'
import type { Evidence } from './evidence.ts'
import { measure, type Measure } from './measure.ts'
import { bestRatio } from './model.ts'
import { round } from './slope.ts'
import { objectiveUs, slotsFor, type LimitState } from './state.ts'

const ENOUGH = 20
/** s: then it is judged with what there is. */
const PATIENCE = 20
const APP_LIMITED = 0.05

/**
 * Cold start: from a low limit, double while latency has room and throughput rises; otherwise the step
 * that the model likes best; what lost goes back half the way. Then steady.
 */
export function cold(look: Look): Verdict {
  const { state, inputs } = look
  const { whole, since } = settled(look)
  const replicas = reportingOf(inputs)
  if (whole === null) return hold(look, gathering(look, null))
  const cut = guardCut(look, since ?? whole)
  if (cut !== null) return cut
  if (since === null) {
    const settle = slotsFor(state).settleSeconds * replicas
    const turned = whole.count >= state.limit * replicas || whole.seconds >= PATIENCE * replicas
    const base = whole.seconds >= settle && turned ? whole : null
    return hold(look, gathering(look, null), { ...state, base })
  }
  const enough = since.count >= Math.max(ENOUGH, state.limit * replicas)
  if (since.seconds < replicas || (!enough && since.seconds < PATIENCE * replicas)) {
    return hold(look, gathering(look, since))
  }
  return judge(look, whole, since)
}

function gathering(look: Look, since: Evidence | null): ReturnType<typeof reason> {
  const { limit } = look.state
  const needed = Math.max(ENOUGH, limit * reportingOf(look.inputs))
  return reason('gathering', {
    completions: since?.count ?? 0,
    needed,
    seconds: since?.seconds ?? 0,
  })
}

function judge(look: Look, whole: Evidence, since: Evidence): Verdict {
  const { inputs, settings } = look
  const derived = derive(look, since)
  const m = measure(since, aimOf(derived, settings))
  if (m === null || m.count < 5) return hold(look, gathering(look, since))
  const fresh = (inputs.windows?.['3']?.boundPermille ?? 0) / 1000
  if (m.bound < APP_LIMITED && look.state.derivedUs === derived.derivedUs) {
    const why = reason('app-limited', { boundPermille: Math.round(m.bound * 1000) })
    // Traffic reaches the limit now: what came before it did says nothing.
    return hold(look, why, fresh >= APP_LIMITED ? { ...look.state, base: whole } : look.state)
  }
  return step({ ...look, state: remember(derived, m, look) }, since, m)
}

/** Without a given objective: four times the p95 of the first measurement, at low load. */
function derive(look: Look, since: Evidence): LimitState {
  if (objectiveUs(look.state, look.settings) !== null) return look.state
  const m = measure(since, { objectiveUs: null, price: 0 })
  if (m === null || m.count < ENOUGH) return look.state
  return { ...look.state, derivedUs: Math.max(1000, 4 * m.p95Us) }
}

/** What this measurement teaches: service times, and the elasticity by a Kalman step. */
function remember(state: LimitState, m: Measure, look: Look): LimitState {
  let { mean, variance } = state.elasticity
  const learn = (value: number, noise: number): void => {
    const gain = variance / (variance + noise)
    mean += gain * (value - mean)
    variance *= 1 - gain
  }
  const before = state.previous
  if (before !== null && before.limit !== state.limit) {
    const distance = log(state.limit / before.limit)
    variance += 0.04
    learn((m.lnX - before.lnX) / distance, (m.varX + before.varX) / (distance * distance))
  }
  if (cpuFull(look.inputs)) learn(0, 0.0225)
  return {
    ...state,
    service: serviceOf(m),
    latePermille: Math.round(m.late * 1000),
    elasticity: { mean: round(Math.min(1, Math.max(-0.5, mean))), variance: round(variance) },
  }
}

export function serviceOf(m: Measure): NonNullable<LimitState['service']> {
  return {
    meanUs: Math.round(m.meanUs),
    medianUs: m.medianUs,
    relaxUs: Math.round(m.relaxUs),
  }
}

function step(look: Look, since: Evidence, m: Measure): Verdict {
  const { state, settings } = look
  const from = state.limit
  const aim = aimOf(state, settings)
  const batcher = mayBeBatcher(look, from)
  const room = m.early > 0.96 && (batcher || state.elasticity.mean > 0.15)
  const ratio = room ? 2 : bestRatio(since.histogram, state.elasticity.mean, aim)
  const model = Math.max(1, Math.round(from * ratio))
  const back = overshot(look, m, batcher)
  const to = back ?? model
  const numbers = {
    earlyPermille: Math.round(m.early * 1000),
    latePermille: Math.round(m.late * 1000),
    xMilli: Math.round(m.x * 1000),
    elasticityMilli: Math.round(state.elasticity.mean * 1000),
  }
  const proposals = [{ rule: room ? 'double' : 'model', wants: model, numbers }]
  if (back !== null) proposals.push({ rule: 'overshoot', wants: back, numbers })
  const steadyNow = back !== null || to < 2 * from
  const why =
    back !== null
      ? reason('overshoot', { from, to })
      : room
        ? reason('double', { earlyPermille: numbers.earlyPermille, from, to })
        : to === from
          ? reason('learned', { limit: to })
          : reason('model-step', { from, to })
  return {
    wants: to,
    atLeast: Math.max(1, Math.floor(from * 0.35)),
    atMost: 2 * from,
    publish: true,
    next: steadyNow ? 'down' : 'none',
    proposals,
    reasons: [why],
    state: {
      ...state,
      phase: steadyNow ? 'steady' : 'cold',
      previous: steadyNow ? null : pointOf(from, m),
    },
  }
}

/** The limit to go back to when the last raise lost, or null. */
function overshot(look: Look, m: Measure, batcher: boolean): number | null {
  const { limit, previous } = look.state
  const half = m.late > 0.5 && m.count >= 15
  if (previous === null || previous.limit >= limit) {
    return half ? Math.max(1, Math.round(limit / 2)) : null
  }
  const error = Math.sqrt(m.varU + previous.varU)
  const lost = m.lnU < previous.lnU - Math.max(0.02, error)
  const middle = Math.max(1, Math.round(exp((log(previous.limit) + log(limit)) / 2)))
  return half || (lost && !batcher) ? middle : null
}
