import test from 'ava'
import { canonical } from '../../../core/model/canonical.ts'
import { outcome, type Inputs } from '../../../core/model/decision.ts'
import { reasons } from '../../../core/model/reasons.ts'
import { check } from '../../../core/model/schema.ts'
import {
  freshLimit,
  limitDue,
  vertical,
  type LimitState,
} from '../../../controller/decide/vertical.ts'
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

test('KV pressure: never up; whether fewer would be better, comparing tells', t => {
  const better = arms([100, 200, 20], [125, 200, 25])
  const held = decided(comparing(20, 25), seen(better, { kvPermille: 970 }), given, T0 + 30_000)
  t.is(held.outcome.to, 20)
  t.true(codes(held).includes('kv-pressure'))
  t.true((held.outcome.order?.probe?.other ?? 20) <= 20)
  const free = decided(comparing(20, 25), seen(better, { kvPermille: 870 }), given, T0 + 30_000)
  t.true(free.outcome.to > 20)
})

test('bounds are recorded always in the same order, also where they change nothing', t => {
  const order = ['step-cap', 'kv-pressure', 'memory', 'limit-min', 'limit-max']
  const narrow = settingsWith({ 'latency-objective': 1000, 'limit-max': 21 })
  const better = seen(arms([100, 200, 20], [125, 200, 25]))
  for (const [settings, to] of [
    [given, null],
    [narrow, 21],
  ] as const) {
    const v = decided(comparing(20, 25, settings), better, settings, T0 + 30_000)
    t.deepEqual(
      v.bounds.map(b => b.bound),
      order,
    )
    if (to !== null) t.is(v.outcome.to, to)
  }
})

test('a cold start that limit-max stops compares neighbours instead of asking again and again', t => {
  const settings = settingsWith({ 'latency-objective': 1000, 'limit-max': 4 })
  const v = decided(
    begun(settings),
    seen([fold(1, 'none', 0, 3, 100, 100, 4)]),
    settings,
    T0 + 4000,
  )
  t.is(v.outcome.to, 4)
  t.is(v.state.phase, 'steady')
  t.true(codes(v).includes('limit-max'))
  t.is(v.outcome.order?.probe?.other, 3)
})

test('a limit that a bound holds and that wants more rests, longer each time: below there is nothing to learn', t => {
  const settings = settingsWith({ 'latency-objective': 1000, 'limit-max': 20 })
  const better = seen(arms([100, 200, 20], [80, 200, 16]))
  const v = decided(comparing(20, 16, settings), better, settings, T0 + 30_000)
  t.deepEqual([v.outcome.to, v.outcome.order?.probe, v.state.skip], [20, null, 1])
  t.true(codes(v).includes('limit-max'))
  const again = decided({ ...comparing(20, 16, settings), skip: 1 }, better, settings, T0 + 30_000)
  t.is(again.state.skip, 3)
})

test('a limit between a worse neighbour and one that tripped the guard rests, longer each time', t => {
  const judged = (until: number, lower: number, bad = 3) => {
    const seenSo = seen(arms([100, 20, 2], [lower, 20, 1]))
    const state = { ...comparing(2, 1), bad: { limit: bad, until, times: 0 } }
    return decided(state, seenSo, given, T0 + 30_000)
  }
  const rests = judged(T0 + 300_000, 52)
  t.deepEqual([rests.outcome.to, rests.outcome.order?.probe, rests.state.skip], [2, null, 1])
  for (const other of [judged(T0 + 20_000, 52), judged(T0 + 300_000, 52, 6)]) {
    t.deepEqual([other.outcome.to, other.state.skip], [2, 0], 'there is something to learn above')
    t.true((other.outcome.order?.probe?.other ?? 0) > 2)
  }
})

test('a fixed limit is ordered once, without a probe, even beyond limit-max', t => {
  const settings = settingsWith({ 'fixed-limit': 1500, 'latency-objective': 1000 })
  const state = comparing(20, 25)
  t.true(limitDue(state, T0 + 1000, settings))
  const v = decided(state, seen([]), settings, T0 + 1000)
  t.deepEqual([v.outcome.order?.limit, v.outcome.order?.probe, v.outcome.to], [1500, null, 1500])
  t.true(codes(v).includes('fixed'))
  t.is(decided(v.state, seen([]), settings, T0 + 31_000).outcome.order, null)
})

test('under a fixed limit service times are learned, too: the queue deadline follows them', t => {
  const settings = settingsWith({ 'fixed-limit': 8 })
  const first = decided(freshLimit(settings, REVISION), seen([]), settings, T0)
  t.is(first.outcome.order?.queueUs, 10_000_000)
  const folds = [fold(1, 'none', 0, 10, 40, 200, 8)]
  const v = decided(first.state, seen(folds), settings, T0 + 30_000)
  t.is(v.outcome.order?.limit, 8)
  t.true(Math.abs((v.outcome.order?.queueUs ?? 0) - 400_000) < 40_000)
  const later = (count: number, ms: number) =>
    decided(v.state, seen([fold(2, 'none', 0, 10, count, ms, 8)]), settings, T0 + 60_000).outcome
  t.is(later(40, 200).order, null)
  t.is(later(9, 400).order, null, 'what was measured stands until many answers take another time')
  t.true((later(40, 400).order?.queueUs ?? 0) > 700_000)
})

test('a new revision gets the fixed limit by an order of its own, also where it is the first limit', t => {
  for (const fixed of [32, 2]) {
    const settings = settingsWith({ 'fixed-limit': fixed })
    const decide = (state: LimitState, seconds: number, revision: string) =>
      vertical(emptyInputs(1, null, []), state, settings, T0 + seconds * 1000, revision)
    const first = decide(freshLimit(settings, 'rev-old'), 0, 'rev-old')
    t.is(first.outcome.order?.limit, fixed)
    const next = decide(first.state, 30, 'rev-new')
    t.is(next.outcome.order?.limit, fixed)
    t.is(next.outcome.order?.n, 2)
    t.is(decide(next.state, 60, 'rev-new').outcome.order, null)
  }
})

test('when a fixed limit ends, what was learned before it comes back', t => {
  const fixed = settingsWith({ 'fixed-limit': 32, 'latency-objective': 1000 })
  const first = decided(comparing(9, 11), seen([]), fixed, T0 + 1000)
  t.is(first.outcome.order?.limit, 32)
  t.is(first.outcome.order?.latePermille, 1000, 'the guard leaves it alone')
  t.true(limitDue(first.state, T0 + 2000, given))
  const then = decided(first.state, seen([]), given, T0 + 2000)
  t.is(then.outcome.order?.limit, 9)
  t.true(codes(then).includes('unfixed'))
  t.is(then.state.unfixed, null)
})

test('frozen: a probe is withdrawn once, then nothing; proposals are still made', t => {
  const settings = settingsWith({ freeze: 'limit', 'latency-objective': 1000 })
  const better = seen(arms([100, 200, 20], [125, 200, 25]))
  const v = decided(comparing(20, 25), better, settings, T0 + 30_000)
  t.deepEqual([v.outcome.order?.limit, v.outcome.order?.probe], [20, null])
  t.true((v.proposals[0]?.wants ?? 0) > 20)
  const after = decided(v.state, better, settings, T0 + 60_000)
  t.deepEqual([after.outcome.act, after.outcome.order, after.outcome.action], [false, null, 'hold'])
  t.true(codes(after).includes('frozen'))
})

test('advice only: proposals, no order, the state stays', t => {
  const settings = settingsWith({ 'advise-only': true, 'latency-objective': 1000 })
  const state = comparing(20, 25)
  const v = decided(state, seen(arms([100, 200, 20], [125, 200, 25])), settings, T0 + 30_000)
  t.deepEqual([v.outcome.act, v.outcome.order, v.outcome.to], [false, null, 20])
  t.true((v.proposals[0]?.wants ?? 0) > 20)
  t.is(canonical(v.state), canonical(state))
})

test('a new objective is ordered at once', t => {
  const state = comparing(20, 25)
  const settings = settingsWith({ 'latency-objective': 300 })
  t.true(limitDue(state, T0 + 5000, settings))
  t.is(decided(state, seen([]), settings, T0 + 5000).outcome.order?.objectiveUs, 300_000)
})

test('a new revision starts from the learned limit, guard armed, without the old evidence', t => {
  const state = { ...comparing(20, 25), bad: { limit: 25, until: T0 + 1e6, times: 1 } }
  t.true(limitDue(state, T0 + 5000, given, { revision: 'r2' }))
  const v = vertical(seen(arms([100, 200, 20], [125, 200, 25])), state, given, T0 + 5000, 'r2')
  t.deepEqual([v.outcome.order?.limit, v.outcome.order?.n, v.outcome.to], [20, 8, 20])
  t.is(codes(v)[0], 'new-revision')
  t.deepEqual([v.state.revision, v.state.bad, v.state.observations], ['r2', null, []])
})

test('no window: the limit stays', t => {
  const v = decided(comparing(20, 25), emptyInputs(1, null, []), given, T0 + 30_000)
  t.deepEqual(codes(v), ['no-data'])
  t.is(v.outcome.order, null)
})

test('windows that come no more: no comparison begins or ends on what was seen last', t => {
  for (const state of [comparing(20, 25), idled(given)]) {
    for (const seconds of [30, 100, 1000]) {
      const last = seen([], { boundPermille: 1000 })
      const old = { ...last, windowAgeMs: seconds * 1000 }
      const v = decided(state, old, given, T0 + seconds * 1000)
      t.deepEqual([codes(v), v.outcome.order, v.state], [['no-data'], null, state])
    }
  }
})

test('an aggregator that forgot, or a new epoch, starts the evidence anew', t => {
  const state = idled(given)
  const idle = (seconds: number, ok: number) => ({
    ...fold(1, 'none', 0, seconds, ok, 100, 4),
    boundUs: 0,
  })
  const shorter = decided(state, seen([idle(1, 90)]), given, T0 + 4000)
  t.deepEqual([codes(shorter)[0], shorter.state.base?.count], ['gathering', 90])
  const other = { ...idle(3, 100), order: { epoch: 2, n: 1 } }
  const taken = decided(state, seen([idle(9, 1), other]), given, T0 + 5000)
  t.deepEqual([codes(taken)[0], taken.state.base?.epoch], ['gathering', 2])
})

test('same inputs and state give the same bytes; outcomes fit the contract, reasons are known', t => {
  const cases = [
    [comparing(20, 25), seen(arms([100, 200, 20], [125, 200, 25]))],
    [begun(given), seen([fold(1, 'none', 0, 3, 100, 100, 4)])],
    [freshLimit(given, REVISION), seen([])],
  ] as const
  for (const [state, inputs] of cases) {
    const once = canonical(decided(state, inputs, given, T0 + 30_000))
    const copy = (value: unknown): unknown => JSON.parse(canonical(value))
    const again = decided(copy(state) as LimitState, copy(inputs) as Inputs, given, T0 + 30_000)
    t.is(canonical(again), once)
    t.true(canonical(again.state).length < 4096)
    t.true(again.reasons.every(r => Object.hasOwn(reasons, r.code)))
    t.true(check(outcome, again.outcome).ok)
  }
})

test('what came due in a second that slipped is due in the next, and once', t => {
  const settings = settingsWith({})
  const started = vertical(seen([]), freshLimit(settings, 'r1'), settings, T0, 'r1').state
  const state = { ...started, phase: 'steady' as const, planSeconds: 7 }
  const at = (second: number, looked: number): boolean =>
    limitDue(state, T0 + second * 1000, settings, { looked: T0 + looked * 1000 })
  const every = settings['learn-every'] / 1000
  for (const due of [7, 7 + every]) {
    t.true(at(due, due - 1))
    t.true(at(due + 1, due - 1), 'slipped')
    t.false(at(due + 1, due))
    t.false(at(due + 0.3, due), 'asked twice')
  }
})
