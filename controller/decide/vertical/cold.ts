import { log } from '../../../core/model/math.ts'
import {
  aimOf,
  cpuRoom,
  CPU_VARIANCE,
  guardCut,
  hold,
  mayBeBatcher,
  pointOf,
  reason,
} from './verdict.ts'
import { between, reportingOf, settled, tooLate, type Look, type Verdict } from './verdict.ts'
import { shareBelow, type Evidence } from './evidence.ts'
import { derivedFrom, measure, serviceOf, type Measure } from './measure.ts'
import { bestRatio } from './model.ts'
import { round } from './slope.ts'
import { objectiveUs, slotsFor, type LimitState } from './state.ts'

const ENOUGH = 20
/** Where latency has no room, and for the first p95, a tail must be seen. */
const MANY = 100
/** s: after SOON fewer answers do, after PATIENCE it is judged with what there is. */
const SOON = 4
const PATIENCE = 8
/** Without an objective yet, whose first limit holds most of the traffic of long requests back. */
const FIRST_PATIENCE = 10
const APP_LIMITED = 0.05
/** Less room than this: the CPU is used up. */
const FULL = 0.1
/** Multiplying the limit at most multiplies the time of an answer by as much: 0.8 of the objective has to suffice. */
const FACTORS = [8, 4, 2]
const FILL = 0.8
/** For so many of the answers. */
const ROOM = 0.96

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
  const enough =
    since.count >= neededOf(look, since) ||
    (since.count >= soonEnough(look) && since.seconds >= SOON * replicas)
  if (since.seconds < replicas || (!enough && since.seconds < patienceOf(look) * replicas)) {
    return hold(look, gathering(look, since))
  }
  return judge(look, whole, since)
}

function gathering(look: Look, since: Evidence | null): ReturnType<typeof reason> {
  return reason('gathering', {
    completions: since?.count ?? 0,
    needed: neededOf(look, since),
    seconds: since?.seconds ?? 0,
  })
}

/** Answers enough to judge at once: a tail must be seen unless latency has room. */
function neededOf(look: Look, since: Evidence | null): number {
  const objective = objectiveUs(look.state, look.settings)
  const room =
    since !== null && objective !== null && shareBelow(since.histogram, 0.4 * objective) > ROOM
  return room ? turnOf(look) : Math.max(MANY, turnOf(look))
}

/** After SOON. The first p95, from which an objective is derived four times as large, needs more answers. */
function soonEnough(look: Look): number {
  return hasObjective(look) ? turnOf(look) : Math.max(2 * ENOUGH, turnOf(look))
}

/** s. A new endpoint of long requests, whose first limit holds most of its traffic back, is not kept waiting. */
function patienceOf(look: Look): number {
  return hasObjective(look) ? PATIENCE : FIRST_PATIENCE
}

/** Each slot has answered once, and not too few in all. */
function turnOf(look: Look): number {
  return Math.max(ENOUGH, look.state.limit * reportingOf(look.inputs))
}

function hasObjective(look: Look): boolean {
  return objectiveUs(look.state, look.settings) !== null
}

function judge(look: Look, whole: Evidence, since: Evidence): Verdict {
  const { inputs, settings } = look
  const derived = derive(look, since)
  const m = measure(since, aimOf(derived, settings))
  if (m === null || m.count < 3) return hold(look, gathering(look, since))
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
  if (hasObjective(look)) return look.state
  const m = measure(since, { objectiveUs: null, price: 0 })
  if (m === null || m.count < ENOUGH) return look.state
  return { ...look.state, derivedUs: derivedFrom(m) }
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

function step(look: Look, since: Evidence, m: Measure): Verdict {
  const { state } = look
  const from = state.limit
  const room = roomOf(look, since, m)
  const model = Math.max(1, Math.round(from * (room > 1 ? room : modelled(look, since, m))))
  const back = overshot(look, m)
  const to = back ?? model
  const numbers = {
    earlyPermille: Math.round(m.early * 1000),
    latePermille: Math.round(m.late * 1000),
    xMilli: Math.round(m.x * 1000),
    elasticityMilli: Math.round(state.elasticity.mean * 1000),
  }
  const proposals = [{ rule: room > 1 ? 'double' : 'model', wants: model, numbers }]
  if (back !== null) proposals.push({ rule: 'overshoot', wants: back, numbers })
  const done = back !== null || to < 2 * from
  return {
    wants: to,
    atLeast: Math.max(1, Math.floor(from * 0.35)),
    atMost: (FACTORS[0] ?? 2) * from,
    publish: true,
    next: done ? 'down' : 'none',
    proposals,
    reasons: [
      back !== null
        ? reason('overshoot', { from, to })
        : room > 1
          ? reason('double', { earlyPermille: numbers.earlyPermille, from, to })
          : reason(to === from ? 'learned' : 'model-step', { limit: to, from, to }),
    ],
    state: {
      ...state,
      phase: done ? 'steady' : 'cold',
      previous: done ? null : pointOf(from, m),
    },
  }
}

/** How many times the limit may be at once: latency has room and throughput rises, or flat throughput proves nothing yet. */
function roomOf(look: Look, { histogram }: Evidence, m: Measure): number {
  const { limit, elasticity } = look.state
  const batcher = mayBeBatcher(look, limit)
  const given = look.settings['latency-objective']
  if (batcher && given === null && m.late <= 0.5) return 2
  if (m.early <= ROOM || !(batcher || elasticity.mean > 0.15)) return 1
  // A derived objective is a guess from the first few answers: too little to leap by.
  const leap = given === null ? 2 : FACTORS.find(by => fits(histogram, (FILL * given * 1000) / by))
  return leap ?? 2
}

function fits(histogram: readonly number[], us: number): boolean {
  return shareBelow(histogram, us) > ROOM
}

/** The model's step; with many late or a full CPU never up unless the last raise clearly paid. */
function modelled(look: Look, since: Evidence, m: Measure): number {
  const { state, settings } = look
  const best = bestRatio(since.histogram, state.elasticity.mean, aimOf(state, settings))
  const before = state.previous
  const late = tooLate(m.late, m.count)
  if (!late && cpuRoom(look) > FULL) return best
  if (before === null) return late ? 0.5 : Math.min(1, best)
  const paid = m.lnU - before.lnU > Math.sqrt(m.varU + before.varU)
  return paid ? best : Math.min(1, best)
}

/** The limit to go back to when the last raise lost, or null. */
function overshot(look: Look, m: Measure): number | null {
  const { limit, previous } = look.state
  const half = m.late > 0.5 && m.count >= 15
  if (previous === null || previous.limit >= limit) {
    return half ? Math.max(1, Math.round(limit / 2)) : null
  }
  const error = Math.sqrt(m.varU + previous.varU)
  const lost = m.bound > 0.3 && m.lnU < previous.lnU - Math.max(0.02, error)
  return half || (lost && !mayBeBatcher(look, limit)) ? between(previous.limit, limit) : null
}
