import test from 'ava'
import { canonical } from '../../../core/model/canonical.ts'
import {
  freshLimit,
  learnedLimit,
  limitDue,
  meanServiceUs,
  objectiveUs,
  queueDeadlineUs,
  type LimitState,
} from '../../../controller/decide/vertical.ts'
import { log } from '../../../core/model/math.ts'
import { emptyInputs } from '../../support/blank.ts'
import { REVISION, settingsWith } from '../../support/learner.ts'
import {
  arms,
  begun,
  codes,
  comparing,
  decided,
  fold,
  given,
  idled,
  seen,
  T0,
} from '../../support/limit-cases.ts'

test('the first order: four with an objective, two without, or the lower configured one', t => {
  for (const [settings, limit] of [
    [given, 4],
    [settingsWith({}), 2],
    [settingsWith({ 'latency-objective': 1000, 'first-limit': 3 }), 3],
    [settingsWith({ 'latency-objective': 1000, 'first-limit': 50 }), 4],
    [settingsWith({ 'latency-objective': 1000, 'limit-min': 6 }), 6],
  ] as const) {
    const state = freshLimit(settings, REVISION)
    t.true(limitDue(state, T0, settings))
    const v = decided(state, emptyInputs(1, null, []), settings, T0)
    t.is(v.outcome.order?.limit, limit)
    t.is(v.outcome.order?.n, 1)
    t.is(v.outcome.order?.probe, null)
    t.deepEqual(codes(v), ['cold-start'])
    t.is(learnedLimit(v.state), limit)
  }
})

test('cold start doubles while latency has room, as soon as the evidence suffices', t => {
  const state = begun(given)
  t.false(limitDue(state, T0 + 1000, given))
  t.true(limitDue(state, T0 + 3000, given))
  const few = decided(begun(given), seen([fold(1, 'none', 0, 1, 3, 100, 4)]), given, T0 + 3000)
  t.deepEqual(codes(few), ['gathering'])
  t.is(few.outcome.order, null)
  const v = decided(state, seen([fold(1, 'none', 0, 3, 100, 300, 4)]), given, T0 + 4000)
  t.deepEqual([v.outcome.action, v.outcome.from, v.outcome.to], ['raise', 4, 8])
  t.deepEqual(codes(v), ['double'])
  t.is(v.state.phase, 'cold')
})

test('far within a given objective the limit is multiplied by what there is room for', t => {
  const after = (ms: number): number =>
    decided(begun(given), seen([fold(1, 'none', 0, 3, 100, ms, 4)]), given, T0 + 4000).outcome.to
  t.deepEqual([after(300), after(150), after(50)], [8, 16, 32])
})

test('an error is an answer that is missing, and no late one', t => {
  const failing = { ...fold(1, 'none', 0, 3, 50, 300, 4), server: 150 }
  const v = decided(begun(given), seen([failing]), given, T0 + 4000)
  t.is(v.outcome.to, 8)
  t.true(v.state.latePermille < 10)
})

test('a limit that is rarely reached teaches nothing, and the hold leaves the state as it is', t => {
  const state = idled(given)
  const idle = { ...fold(1, 'none', 0, 30, 50, 100, 1), boundUs: 0 }
  const v = decided(state, seen([idle], { boundPermille: 0 }), given, T0 + 30_000)
  t.deepEqual(codes(v), ['app-limited'])
  t.false(v.outcome.act)
  t.is(canonical(v.state), canonical(state))
})

test('without an objective one is derived from the first answers and ordered', t => {
  const none = settingsWith({})
  const state = begun(none)
  t.is(objectiveUs(state, none), null)
  const v = decided(state, seen([fold(1, 'none', 0, 4, 50, 100, 2)]), none, T0 + 5000)
  t.true(codes(v).includes('derived'))
  const derived = objectiveUs(v.state, none) ?? 0
  t.true(derived > 4 * 90_000 && derived < 4 * 130_000)
  t.is(v.outcome.order?.objectiveUs, derived)
  t.true(Math.abs((meanServiceUs(v.state) ?? 0) - 100_000) < 5000)
  t.true(queueDeadlineUs(v.state, none) <= 2 * 110_000)
})

test('the queue deadline: set, half the objective, or learned', t => {
  const state = freshLimit(given, REVISION)
  t.is(queueDeadlineUs(state, given), 500_000)
  t.is(queueDeadlineUs(state, settingsWith({ 'queue-deadline': 70 })), 70_000)
  t.is(queueDeadlineUs(state, settingsWith({})), 10_000_000)
})

test('a raise that lost goes half the way back, and neighbours are compared from there', t => {
  const first = decided(begun(given), seen([fold(1, 'none', 0, 3, 100, 100, 4)]), given, T0 + 4000)
  const raised = { ...first.state, limit: 16, previous: { ...first.state.previous, limit: 8 } }
  const state = raised as LimitState
  const settled = decided(state, seen([fold(2, 'none', 0, 1, 90, 900, 16)]), given, T0 + 6000).state
  const v = decided(settled, seen([fold(2, 'none', 0, 5, 60, 900, 16)]), given, T0 + 10_000)
  t.deepEqual([v.outcome.action, v.outcome.to], ['cut', 11])
  t.is(codes(v)[0], 'overshoot')
  t.deepEqual(v.outcome.order?.probe, { other: 9, slotSeconds: 6, settleSeconds: 2 })
  t.is(v.state.phase, 'steady')
})

test('a pair that is not finished holds; a finished one moves towards the better arm', t => {
  const state = comparing(20, 25)
  const early = decided(state, seen([fold(7, 'a', 0, 2, 100, 100, 20)]), given, T0 + 30_000)
  t.deepEqual(codes(early), ['probing'])
  t.is(early.outcome.order, null)
  const up = decided(state, seen(arms([100, 600, 20], [104, 720, 25])), given, T0 + 30_000)
  t.is(up.outcome.action, 'raise')
  t.true(up.outcome.to > 20 && up.outcome.to <= 25)
  t.is(up.outcome.order?.n, 8)
  t.is(codes(up)[0], 'slope-up')
  const down = decided(
    comparing(20, 16),
    seen(arms([100, 400, 20], [125, 160, 16])),
    given,
    T0 + 30_000,
  )
  t.is(down.outcome.action, 'cut')
  t.true(down.outcome.to >= 16 && down.outcome.to < 20)
})

test('where more is clearly better and the model likes much more, doubling begins again', t => {
  const better = seen(arms([100, 200, 20], [125, 200, 25]))
  const once = decided(comparing(20, 25), better, given, T0 + 30_000)
  t.is(once.state.phase, 'steady', 'one comparison may be chance')
  const v = decided({ ...comparing(20, 25), run: 1 }, better, given, T0 + 30_000)
  t.deepEqual([v.outcome.to, v.state.phase, codes(v)[0]], [40, 'cold', 'double'])
  t.is(v.outcome.order?.probe, null)
})

test('a limit that rests is compared again when answers take another time than when it was found', t => {
  const resting: LimitState = { ...comparing(20, 25), planSeconds: 200 }
  const state = { ...resting, order: { ...resting.order, probe: null } as LimitState['order'] }
  const look = (ms: number) =>
    decided(state, seen([], { serviceCount: 500, serviceSum: 500 * ms * 1000 }), given, T0 + 30_000)
  t.is(look(110).outcome.order, null)
  t.not(look(200).outcome.order?.probe, null)
  t.not(look(50).outcome.order?.probe, null)
})

test('a limit that tripped the guard is tried again when the model has become another', t => {
  const bad = { limit: 2, until: T0 + 600_000, times: 0 }
  const one: LimitState = { ...comparing(1, 2), bad }
  const state = { ...one, order: { ...one.order, probe: null } as LimitState['order'] }
  const look = (ms: number) =>
    decided(state, seen([], { serviceCount: 500, serviceSum: 500 * ms * 1000 }), given, T0 + 30_000)
  t.is(look(100).outcome.order?.probe ?? null, null)
  t.is(look(30).outcome.order?.probe?.other, 2)
})

test('many late answers and no clear gain cut the limit', t => {
  const v = decided(
    comparing(20, 16),
    seen(arms([100, 1000, 20], [100, 800, 16])),
    given,
    T0 + 30_000,
  )
  t.is(v.outcome.action, 'cut')
  t.true(v.outcome.to <= 17)
})

test('what demand made of two arms is no reason to go down to one at a time', t => {
  // One core of 80 ms, nearly idle again: more came while the lower arm was on.
  const both = arms([12, 80, 2], [16, 80, 1])
  const state = { ...comparing(2, 1), run: -1 }
  const reached = (share: number) =>
    both.map(f => ({ ...f, boundUs: share * f.us, inFlightIntegral: f.ok * 80_000 }))
  t.is(decided(state, seen(reached(1)), given, T0 + 30_000).outcome.to, 1)
  t.is(decided(state, seen(reached(0.5)), given, T0 + 30_000).outcome.to, 2)
})

test('the fast guard, active for half of the time, sets its mean', t => {
  const guarded = arms([100, 100, 20], [100, 100, 25]).map(f =>
    f.arm === 'a' ? { ...f, seconds: 0, us: 0, guardSeconds: 2, guardLimits: 24 } : f,
  )
  const v = decided(comparing(20, 25), seen(guarded), given, T0 + 30_000)
  t.deepEqual([v.outcome.action, v.outcome.to, codes(v)[0]], ['cut', 12, 'guard'])
})

test('an upward arm that trips the guard is left alone, longer each time', t => {
  const tripped = arms([100, 100, 20], [1, 100, 25]).map(f =>
    f.arm === 'b' ? { ...f, seconds: 1, guardSeconds: 1, guardLimits: 20 } : f,
  )
  const v = decided(comparing(20, 25), seen(tripped), given, T0 + 30_000)
  t.is(codes(v)[0], 'probe-tripped')
  t.is(v.outcome.to, 20)
  t.is(v.outcome.order?.probe?.other, 16)
  t.deepEqual(v.state.bad, { limit: 25, until: T0 + 330_000, times: 0 })
  const again = decided(
    { ...comparing(20, 25), bad: v.state.bad },
    seen(tripped),
    given,
    T0 + 30_000,
  )
  t.is(again.state.bad?.until, T0 + 630_000)
})

test('a probe that traffic does not reach is withdrawn, once', t => {
  const idle = arms([100, 100, 20], [100, 100, 25]).map(f => ({ ...f, boundUs: 0 }))
  const v = decided(comparing(20, 25), seen(idle), given, T0 + 30_000)
  t.deepEqual(
    [v.outcome.action, codes(v)[0], v.outcome.order?.probe],
    ['hold', 'app-limited', null],
  )
  const after = decided(v.state, seen(idle, { boundPermille: 0 }), given, T0 + 60_000)
  t.is(after.outcome.order, null)
  t.is(canonical(after.state), canonical(v.state))
})

test('a few answers suffice for a raise that even the worst reading supports, and for nothing else', t => {
  const at = (ok: number, ms: number) =>
    decided(begun(given), seen([fold(1, 'none', 0, 1, ok, ms, 4)]), given, T0 + 3000)
  t.deepEqual([at(8, 400).outcome.to, at(8, 400).state.phase], [8, 'cold'])
  // Four answers of 100 ms in a second of four slots: by Little's law the rest take a second.
  t.deepEqual(codes(at(4, 100)), ['gathering'])
  t.deepEqual(codes(at(8, 1200)), ['gathering'], 'a cut waits for all of it')
})

test('slow answers before anything was raised may be a cold cache: the cold start goes on from less', t => {
  const slow = [fold(1, 'none', 0, 12, 2, 1800, 4)]
  const settling = decided(begun(given), seen(slow), given, T0 + 12_000)
  const later = [fold(1, 'none', 0, 24, 2, 1800, 4)]
  const v = decided(settling.state, seen(later), given, T0 + 24_000)
  t.deepEqual([v.outcome.to, v.state.phase, v.outcome.order?.probe], [2, 'cold', null])
  const warm = decided(v.state, seen([fold(2, 'none', 0, 2, 10, 200, 2)]), given, T0 + 27_000)
  t.true(warm.outcome.to > 2)
})

test('the model cuts no further than to the limit before, below which it knows nothing', t => {
  const none = settingsWith({})
  const from: LimitState = {
    ...begun(none),
    limit: 64,
    derivedUs: 2_000_000,
    previous: { limit: 32, lnX: log(200), varX: 1e-4, lnU: log(200), varU: 0.01 },
    base: null,
  }
  const flat = (seconds: number) => seen([fold(1, 'none', 0, seconds, 205, 320, 64)])
  const settling = decided(from, flat(2), none, T0 + 3000)
  const v = decided(settling.state, flat(40), none, T0 + 42_000)
  t.is(v.outcome.to >= 32 && v.outcome.to < 64, true, `${v.outcome.to}`)
})

test('long requests: what was tried is compared with the limit itself, also where it can only be lower', t => {
  const state: LimitState = {
    ...comparing(20, 16),
    order: { limit: 16, objectiveUs: 60_000_000, probe: null, latePermille: 100, queueUs: 1, n: 7 },
    service: { meanUs: 8_000_000, medianUs: 8_000_000, relaxUs: 8_000_000 },
    planSeconds: 30,
  }
  const settings = settingsWith({ 'latency-objective': 60_000 })
  const full = { kvPermille: 970 }
  const tried = decided(
    state,
    seen([fold(7, 'none', 0, 60, 2, 8000, 16)], full),
    settings,
    T0 + 60_000,
  )
  t.is(tried.outcome.order?.limit, 20)
  const later = seen([fold(8, 'none', 0, 60, 2, 10_000, 20)], full)
  const v = decided(tried.state, later, settings, T0 + 120_000)
  t.is(v.state.observations.length, 1)
})
