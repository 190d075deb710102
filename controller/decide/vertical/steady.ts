import { armsOf, isFailing, plus } from './evidence.ts'
import { isAnother, measure, type Measure } from './measure.ts'
import { observe } from './slope.ts'
import { regret } from './regret.ts'
import { longRequests, slotsFor } from './state.ts'
import { move, sideOf } from './step.ts'
import { aimOf, guardCut, hold, pointOf, reason } from './verdict.ts'
import { settled, tooLate, worse, type Look, type Verdict } from './verdict.ts'

const ENOUGH = 20
const APP_LIMITED_PERMILLE = 50

/** Steady: compare neighbours, move by the slope that the comparisons and the model agree on. */
export function steady(look: Look): Verdict {
  const { state, inputs, now } = look
  const order = state.order
  if (order?.probe == null) return longRequests(state) ? trial(look) : rest(look)
  const { other } = order.probe
  const { a, b } = armsOf(inputs.folds, order.n)
  const cut = a === null ? null : guardCut(look, a)
  if (cut !== null) return cut
  const fails = b !== null && isFailing(b) && (a === null || !isFailing(a))
  const tripped = other > state.limit && b !== null && (b.guardSeconds > 0 || fails)
  const marked = tripped ? { ...look, state: { ...state, bad: worse(state, other, now) } } : look
  const aim = aimOf(state, look.settings)
  const low = a === null ? null : measure(a, aim)
  const high = b === null ? null : measure(b, aim)
  if (a === null || b === null || low === null || high === null || few(low, high) || fails) {
    if (tripped) return abort(marked, other)
    if (elapsed(look) < 3 * state.planSeconds) {
      return hold(look, reason('probing', { limit: state.limit, other }))
    }
    return withdraw(look, Math.max(low?.bound ?? 0, high?.bound ?? 0))
  }
  const bound = other < state.limit ? high.bound : low.bound
  if (bound * 1000 < APP_LIMITED_PERMILLE) return withdraw(look, bound)
  const here = pointOf(state.limit, low)
  const observation = observe(here, pointOf(other, high), now, bound)
  const evidence = a.count >= ENOUGH ? a : plus(a, b)
  const compared = { observation, measured: low, evidence, other }
  const known = { ...marked, state: { ...marked.state, compared: { ...here, n: order.n } } }
  return regret(marked, low) ?? move(known, compared)
}

/** The higher arm tripped the guard before it gave evidence enough: the next comparison stays below it. */
function abort(look: Look, other: number): Verdict {
  const { limit } = look.state
  const state = { ...look.state, cycles: look.state.cycles + 1, run: 0, skip: 0 }
  const held = hold(look, reason('probe-tripped', { limit, other }), state)
  return { ...held, publish: true, next: 'down' }
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
  const pause = elapsed(look) < state.planSeconds
  const { serviceCount, serviceSum } = last
  const another = isAnother(state.service, serviceCount, serviceSum / Math.max(1, serviceCount))
  if (pause && !tooLate(last.late / done, done) && !another) {
    return hold(look, reason('flat', { limit: state.limit }))
  }
  // What tripped the guard then says nothing of the model of now.
  const bad = another ? null : state.bad
  return {
    ...hold(look, reason('flat', { limit: state.limit }), { ...look.state, bad }),
    publish: true,
    next: sideOf(state),
  }
}

/** Long requests take no slots: this order is compared with the one before it. */
function trial(look: Look): Verdict {
  const { state, inputs } = look
  const { whole, since } = settled(look)
  const tried = state.order?.limit ?? state.limit
  const early = whole === null || tried > state.limit ? null : guardCut(look, whole)
  if (early !== null) return early
  if (whole === null || elapsed(look) < state.planSeconds) {
    const base = elapsed(look) < slotsFor(state).settleSeconds ? null : (state.base ?? whole)
    return hold(look, reason('probing', { limit: state.limit, other: tried }), { ...state, base })
  }
  const e = since ?? whole
  const cut = guardCut(look, e)
  if (cut !== null && tried <= state.limit) return cut
  if (cut !== null) {
    return abort({ ...look, state: { ...state, bad: worse(state, tried, look.now) } }, tried)
  }
  const m = measure(e, aimOf(state, look.settings))
  if (m === null || m.count < ENOUGH) return hold(look, reason('app-limited', { boundPermille: 0 }))
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
      // What was tried is compared with the limit itself.
      next: tried === state.limit ? sideOf(state) : 'none',
    }
  }
  const observation = observe(before, point, look.now, m.bound)
  const compared = { observation, measured: m, evidence: e, other: tried }
  return move({ ...look, state: { ...state, previous: point } }, compared)
}
