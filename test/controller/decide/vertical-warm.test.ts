import test from 'ava'
import type { LimitState } from '../../../controller/decide/vertical.ts'
import type { ArmFold } from '../../../core/model/windows.ts'
import { attempt } from '../../../simulate/learn/trial.ts'
import { catalogue } from '../../../simulate/plants/catalogue.ts'
import { settingsWith } from '../../support/learner.ts'
import { begun, codes, decided, fold, given, seen, T0 } from '../../support/limit-cases.ts'

/** What an order at `limit` had after it settled: so many answers a second, of so many ms. */
function answers(state: LimitState, ok: number, ms: number) {
  const n = state.order?.n ?? 0
  const came = (seconds: number): ArmFold => fold(n, 'none', 0, seconds, ok, ms, state.limit)
  const settling = decided(state, seen([came(9)]), given, T0 + 9000)
  if (settling.outcome.act) return settling
  return decided(settling.state, seen([came(20)]), given, T0 + 20_000)
}

test('a guard that holds the first limit down is taken off for a look', t => {
  const held = { ...fold(1, 'none', 0, 1, 20, 3000, 4), guardSeconds: 4, guardLimits: 8 }
  const v = decided(begun(given), seen([held]), given, T0 + 6000)
  t.deepEqual(codes(v), ['unguarded'])
  t.deepEqual([v.outcome.order?.limit, v.outcome.order?.latePermille], [4, 1000])
  const still = { ...held, order: { ...held.order, n: 2 } }
  t.is(decided(v.state, seen([still]), given, T0 + 12_000).outcome.order, null, 'it has to recover')
})

test('late under two limits, and fewer are no faster: up again, until they come in time', t => {
  const four = answers(begun(given), 10, 2000)
  t.deepEqual([four.outcome.to, four.outcome.order?.latePermille], [2, 1000])
  const two = answers(four.state, 5, 2000)
  t.deepEqual([codes(two), two.outcome.to, two.state.phase], [['warming'], 4, 'cold'])
  t.is(two.outcome.order?.latePermille, 1000)
  const again = answers(two.state, 11, 1900)
  t.deepEqual([codes(again), again.outcome.order], [['warming'], null])
  t.is(again.state.base?.seconds, 20, 'what came so far was slower than what comes')
  const warm = answers(two.state, 40, 400)
  t.is(warm.outcome.to, 8)
  t.not(warm.outcome.order?.latePermille, 1000)
})

test('late under two limits, and whether fewer are faster is not sure: up again, which warms a cache', t => {
  const two = answers(answers(begun(given), 2, 2000).state, 1.5, 2000)
  t.true(two.state.elasticity.mean < 0.5)
  t.deepEqual([codes(two), two.outcome.to, two.state.phase], [['warming'], 4, 'cold'])
})

test('fewer are faster: the limit was late, or the cache is warm, which says nothing of more at once', t => {
  const two = answers(answers(begun(given), 10, 2000).state, 10, 900)
  t.false(codes(two).includes('warming'))
  t.is(two.state.elasticity.mean, 1)
})

test('late at a limit of 1: that is no limit, so it goes up', t => {
  const one: LimitState = { ...begun({ ...given, 'first-limit': 1 }) }
  const v = answers(one, 3, 2000)
  t.deepEqual([one.limit, v.outcome.to, v.state.phase], [1, 2, 'cold'])
})

test('below the first limit of others two answers in time suffice to go there; with no objective they do not', t => {
  const one = (settings: typeof given) => {
    const low = { ...settings, 'first-limit': 1 }
    return decided(begun(low), seen([fold(1, 'none', 0, 1, 2, 450, 1)]), low, T0 + 3000)
  }
  t.deepEqual([one(given).outcome.from, one(given).outcome.to], [1, 4])
  t.deepEqual(codes(one(settingsWith({}))), ['gathering'])
  const late = { ...given, 'first-limit': 1 }
  const slow = seen([fold(1, 'none', 0, 4, 1, 1400, 1)])
  t.deepEqual(codes(decided(begun(late), slow, late, T0 + 6000)), ['gathering'])
})

test('a cold cache costs little from any first limit', t => {
  const setting = catalogue.cold
  const trial = { setting, seed: 1, seconds: 240, replicas: 1, told: true }
  const best = attempt({ ...trial, limiter: 'fixed-5', first: 5 }).totals.good
  for (const first of [1, 5]) {
    const { good } = attempt({ ...trial, limiter: 'outrigger', first }).totals
    t.true(good > 0.88 * best, `first ${first}: ${good} of ${best}`)
  }
})
