import { isFailing, shareBelow, type Evidence } from './evidence.ts'
import { hurry, seenAs } from './hurry.ts'
import { aheadOf, derive, remember } from './learn.ts'
import { measure } from './measure.ts'
import { modelled, overshot, ROOM, roomOf, step, type Read } from './raise.ts'
import { objectiveUs, raisedFrom, slotsFor } from './state.ts'
import { aimOf, guardCut, hold, reason, reportingOf, settled, worse } from './verdict.ts'
import type { Look, Verdict } from './verdict.ts'
import { mayBeCold, unguarded, warming } from './warm.ts'

const ENOUGH = 20
/** Where latency has no room, and for the first p95, a tail must be seen. */
const MANY = 100
/** s: after SOON fewer answers do, after PATIENCE it is judged with what there is. */
const SOON = 4
const PATIENCE = 8
/** Without an objective yet, whose first limit holds most of the traffic of long requests back. */
const FIRST_PATIENCE = 10
/** An end that is not sure may wait for so many patiences, or mean service times: at too high a limit each of those is long. */
const LONGEST = 3
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
  const e = since ?? whole
  const cut =
    failed(look, whole) ?? (mayBeCold(state) ? null : (unguarded(look, e) ?? guardCut(look, e)))
  if (cut !== null) return cut
  const sooner = hurry(look, whole)
  if (sooner !== null) return sooner
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

/** Most answers are errors since the limit was raised, as of a model that dies of it: back to where it lived. */
function failed(look: Look, e: Evidence): Verdict | null {
  const { state, now } = look
  const { limit } = state
  const previous = raisedFrom(state)
  if (!isFailing(e)) return null
  if (previous === null) return failsAtFirst(look, e)
  const to = previous.limit
  return {
    wants: to,
    atLeast: 1,
    atMost: limit,
    publish: true,
    next: 'none',
    proposals: [{ rule: 'failing', wants: to, numbers: { server: e.server, ok: e.ok } }],
    reasons: [reason('overshoot', { from: limit, to })],
    state: { ...state, phase: 'steady', previous: null, bad: worse(state, limit, now) },
  }
}

/** Before any raise it may be the first limit that the model dies of, each time that it is up: half of that is tried. */
function failsAtFirst({ state, settings }: Look, e: Evidence): Verdict | null {
  const { limit } = state
  const to = Math.max(1, settings['limit-min'], Math.floor(limit / 2))
  if (to >= limit) return null
  return {
    wants: to,
    atLeast: to,
    atMost: limit,
    publish: true,
    next: 'none',
    proposals: [{ rule: 'failing', wants: to, numbers: { server: e.server, ok: e.ok } }],
    reasons: [reason('failing', { from: limit, to })],
    state: { ...state, previous: null },
  }
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
  const aim = aimOf(derived, settings)
  const ended = measure(since, aim)
  if (ended === null || ended.count < 3) return hold(look, gathering(look, since))
  const m = seenAs(since, ended, { part: 0.5, price: aim.price, turns: Infinity })
  const fresh = (inputs.windows?.['3']?.boundPermille ?? 0) / 1000
  if (m.bound < APP_LIMITED && (look.state.derivedUs === null) === (derived.derivedUs === null)) {
    const why = reason('app-limited', { boundPermille: Math.round(m.bound * 1000) })
    // Traffic reaches the limit now: what came before it did says nothing.
    return hold(look, why, fresh >= APP_LIMITED ? { ...look.state, base: whole } : look.state)
  }
  const compared = remember(derived, m, look)
  const warms = warming(look, compared, m, whole)
  if (warms !== null) return warms
  // What came after a cut may be faster because the cache is warmer: that says nothing of more in flight.
  const raised = raisedFrom(look.state)
  const state = raised === null ? remember({ ...derived, previous: null }, m, look) : compared
  const known = { ...look, state }
  const read = { evidence: since, measured: m, aim, ahead: aheadOf(look.state, known.state) }
  const v = step(known, read)
  const stops = v.state.phase === 'steady' && m.late <= 0.5
  const longest = LONGEST * Math.max(PATIENCE, m.meanUs / 1_000_000)
  if (!stops || since.seconds >= longest * reportingOf(inputs)) return v
  return mayGoOn(known, read) ? hold(look, gathering(look, since)) : v
}

/** Whether it would go on if throughput grew by a deviation more than it seems to: then its end is not sure yet. */
function mayGoOn(look: Look, read: Read): boolean {
  const { elasticity, previous } = look.state
  const error = Math.sqrt(elasticity.variance)
  const mean = Math.min(1, elasticity.mean + error)
  const hopeful = { ...look, state: { ...look.state, elasticity: { ...elasticity, mean } } }
  const { lnU, varU } = read.measured
  const measured = { ...read.measured, lnU: lnU + Math.sqrt(varU + (previous?.varU ?? 0)) }
  const better = { ...read, measured, ahead: read.ahead + error }
  if (overshot(hopeful, measured) !== null) return false
  return roomOf(hopeful, better) > 1 || modelled(hopeful, better) >= 2
}
