import { clamp, exp, log } from '../../../core/model/math.ts'
import type { Evidence } from './evidence.ts'
import { derivedFrom, serviceOf, type Measure } from './measure.ts'
import { bestRatio, modelSlope } from './model.ts'
import { elasticityAt, round, slopeAt, type Observation } from './slope.ts'
import { MAX_OBSERVATIONS, type LimitState } from './state.ts'
import { aimOf, cpuRoom, CPU_VARIANCE, mayBeBatcher, pointOf, reason } from './verdict.ts'
import { FLAT_BELOW, tooLate, type Look, type Verdict } from './verdict.ts'

const STEP = log(1.25)
const DEAD_BAND = 0.04
const LATE_CUT = log(1.15)
/** Standard error of the slope below which comparing pauses. */
const SURE = 0.15
/** Standard errors that a slope has to be above zero to double again. */
const SURELY = 2

/** One judged comparison: what was measured, at the limit, and the limit it was compared with. */
interface Compared {
  observation: Observation
  measured: Measure
  evidence: Evidence
  other: number
}

interface Fit {
  slope: number
  error: number
  curvature: number
  model: number
  elasticity: number
}

/** The slope of ln U at the limit, from all that was observed near it and the model. */
function fitted(look: Look, observations: Observation[], evidence: Evidence): Fit {
  const { state, settings, now } = look
  const lnL = log(state.limit)
  const room = cpuRoom(look)
  const known = state.elasticity
  const prior = room < known.mean ? { mean: room, variance: CPU_VARIANCE } : known
  const e = elasticityAt(observations, lnL, now, { ...prior, variance: prior.variance + 0.04 })
  const aim = aimOf(state, settings)
  const model = modelSlope(evidence.histogram, clamp(e.mean, 0, 1), aim)
  const variance = 0.0625 + e.variance + 0.25 * model * model
  const line = slopeAt(observations, lnL, now, { mean: model, variance })
  return { ...line, model, elasticity: e.mean }
}

/** The step in ln L: the slope over the curvature, less where it is unsure; capped; cut where late. */
function stepOf(
  { state }: Look,
  fit: Fit,
  { observation, measured, other }: Compared,
): { slopeStep: number; late: boolean; cap: number; reach: number } {
  const again = fit.slope * state.run > 0 ? Math.abs(state.run) : 0
  const cap = STEP * Math.min(3, 1 + again)
  const sure = (fit.slope * fit.slope) / (fit.slope * fit.slope + fit.error * fit.error)
  const away = log(other) - log(state.limit)
  // A limit that was itself measured as clearly better may be taken, however far.
  const clear = observation.slopeU * away > 2 * Math.sqrt(observation.varU) * Math.abs(away)
  const far = clear && Math.abs(away) > cap
  return {
    slopeStep: far ? away : clamp((fit.slope / fit.curvature) * sure, -cap, cap),
    late: tooLate(measured.late, measured.count) && fit.slope < fit.error,
    cap,
    reach: far ? Math.abs(away) : 0,
  }
}

/** The verdict of one judged comparison. */
export function move(look: Look, compared: Compared): Verdict {
  const { state } = look
  const { measured } = compared
  const from = state.limit
  const observations = [...state.observations, compared.observation].slice(-MAX_OBSERVATIONS)
  const fit = fitted(look, observations, compared.evidence)
  const { slopeStep, late, cap, reach } = stepOf(look, fit, compared)
  const bySlope = target(look, slopeStep, false)
  const wants = late ? target(look, Math.min(slopeStep, -LATE_CUT), true) : bySlope
  const numbers = numbersOf(fit, compared)
  const proposals = [{ rule: 'slope', wants: bySlope, numbers }]
  if (late) proposals.push({ rule: 'late', wants, numbers })
  if (wants > from && risesFreely(look, fit, compared)) return again(look, fit, compared, proposals)
  const quiet = wants === from && (fit.error < SURE || isBetween(look, compared))
  const next = {
    ...state,
    observations,
    derivedUs: renewed(look, measured),
    service: serviceOf(measured),
    latePermille: Math.round(measured.late * 1000),
    run: nextRun(state.run, wants - from),
    cycles: state.cycles + 1,
    skip: quiet ? Math.min(7, 2 * state.skip + 1) : 0,
  }
  const said = { latePermille: next.latePermille, limit: from, from, to: wants }
  const why = wants === from ? 'flat' : wants > from ? 'slope-up' : late ? 'late' : 'slope-down'
  return {
    wants,
    atLeast: Math.max(1, Math.floor(from * exp(-Math.max(cap, reach, LATE_CUT)))),
    atMost: Math.ceil(from * exp(Math.max(cap, reach))),
    publish: true,
    next: quiet ? 'none' : sideOf(next),
    proposals,
    reasons: [reason(why, said)],
    state: next,
  }
}

/** The lower neighbour is clearly worse, and the higher one barred: the same comparison again would tell nothing. */
function isBetween({ state, now }: Look, { observation, other }: Compared): boolean {
  const { bad, limit } = state
  const barred = bad !== null && now < bad.until && bad.limit <= Math.max(limit + 1, limit * 1.25)
  return barred && other < limit && observation.slopeU > SURELY * Math.sqrt(observation.varU)
}

/** More is clearly better, and the model likes half as much again and more: small steps would take minutes. */
function risesFreely(look: Look, fit: Fit, { measured, evidence }: Compared): boolean {
  // One comparison may be chance, or a pause that hit one arm.
  if (look.state.run <= 0) return false
  if (measured.bound <= 0.5 || fit.slope <= SURELY * fit.error) return false
  const aim = aimOf(look.state, look.settings)
  return bestRatio(evidence.histogram, clamp(fit.elasticity, 0, 1), aim) > 1
}

/** Back to doubling: the model has become faster, or what held the limit down is over. */
function again(
  { state }: Look,
  { elasticity }: Fit,
  { measured }: Compared,
  proposals: Verdict['proposals'],
): Verdict {
  const from = state.limit
  const wants = 2 * from
  const earlyPermille = Math.round(measured.early * 1000)
  const next: LimitState = {
    ...state,
    phase: 'cold',
    previous: pointOf(from, measured),
    service: serviceOf(measured),
    elasticity: { mean: round(clamp(elasticity, 0, 1)), variance: 0.16 },
    run: 0,
    skip: 0,
  }
  return {
    wants,
    atLeast: from,
    atMost: wants,
    publish: true,
    next: 'none',
    proposals: [...proposals, { rule: 'double', wants, numbers: { earlyPermille } }],
    reasons: [reason('double', { earlyPermille, from, to: wants })],
    state: next,
  }
}

function numbersOf(fit: Fit, { observation, measured }: Compared): Record<string, number> {
  return {
    slopeMilli: Math.round(fit.slope * 1000),
    errorMilli: Math.round(fit.error * 1000),
    curvatureMilli: Math.round(fit.curvature * 1000),
    modelMilli: Math.round(fit.model * 1000),
    elasticityMilli: Math.round(fit.elasticity * 1000),
    observedMilli: Math.round(observation.slopeU * 1000),
    latePermille: Math.round(measured.late * 1000),
    xMilli: Math.round(measured.x * 1000),
  }
}

/** Which way to compare next: on with a run, else in turn. */
export function sideOf(state: LimitState): 'up' | 'down' {
  if (state.run !== 0) return state.run > 0 ? 'up' : 'down'
  return state.cycles % 2 === 0 ? 'up' : 'down'
}

/** More than half late at the lowest limits: the model became slower, so the objective is derived anew. */
function renewed({ state, settings }: Look, m: Measure): number | null {
  const wrong = settings['latency-objective'] === null && state.limit <= 2 && m.late > 0.5
  return wrong ? derivedFrom(m) : state.derivedUs
}

function sign(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : 0
}

function nextRun(run: number, change: number): number {
  const way = sign(change)
  return way === 0 ? 0 : way === sign(run) ? clamp(run + way, -3, 3) : way
}

/** A step in ln L as a limit: never into a limit that tripped the guard, nor a batcher's flat start. */
function target(look: Look, step: number, late: boolean): number {
  const { state, settings, now } = look
  const from = state.limit
  if (Math.abs(step) < DEAD_BAND) return from
  const wanted = Math.max(1, Math.round(from * exp(step)))
  if (wanted > from && state.bad !== null && now < state.bad.until) {
    return Math.max(from, Math.min(wanted, state.bad.limit - 1))
  }
  const floor = settings['latency-objective'] === null && !late && mayBeBatcher(look, wanted)
  return wanted < from && floor ? Math.min(from, FLAT_BELOW) : wanted
}
