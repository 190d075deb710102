import test from 'ava'
import { attempt } from '../../../simulate/learn/trial.ts'
import { catalogue } from '../../../simulate/plants/catalogue.ts'
import type { LimitState, LimitVerdict } from '../../../controller/decide/vertical.ts'
import { arms, codes, comparing, decided, given, seen, T0 } from '../../support/limit-cases.ts'

type Arm = Parameters<typeof arms>[0]

/** Moved by one comparison, so many orders ago; the next one finds these answers at where it went. */
function then(
  first: LimitVerdict,
  ok: number,
  ms: number,
  { bound = 1, orders = 1 } = {},
): LimitVerdict {
  const { state } = first
  const order = { ...state.order, n: 7 } as LimitState['order']
  const compared = state.compared ? { ...state.compared, n: 7 - orders } : null
  const { limit } = state
  const lower: Arm = [ok, ms, limit]
  const folds = arms(lower, lower).map(fold => ({ ...fold, boundUs: fold.us * bound }))
  return decided({ ...state, order, compared }, seen(folds), given, T0 + 60_000)
}

const after = (other: number, a: Arm, b: Arm): LimitVerdict =>
  decided(comparing(20, other), seen(arms(a, b)), given, T0 + 30_000)

const down = after(16, [100, 400, 20], [125, 160, 16])
const up = after(25, [100, 600, 20], [104, 720, 25])

test('a step down after which less is served is taken back', t => {
  t.true(down.outcome.to < 20)
  const v = then(down, 60, 250)
  t.deepEqual([codes(v)[0], v.outcome.from, v.outcome.to], ['regret', down.outcome.to, 20])
  t.is(v.outcome.order?.probe?.other, 16, 'and compared there from below')
  t.not(codes(then(v, 100, 400))[0], 'regret', 'once')
})

test('a step up after which less is served is taken back', t => {
  t.true(up.outcome.to > 20)
  const v = then(up, 40, 600)
  t.deepEqual([codes(v)[0], v.outcome.to], ['regret', 20])
})

test('a step that did not lose, or little, or where demand was missing, stays', t => {
  for (const v of [
    then(down, 120, 150),
    then(down, 97, 150),
    then(down, 60, 250, { bound: 0.5 }),
  ]) {
    t.false(codes(v).includes('regret'))
  }
})

test('what another order came after, as a cut by the guard, is not taken back', t => {
  t.is(codes(then(down, 60, 250))[0], 'regret')
  t.false(codes(then(down, 60, 250, { orders: 2 })).includes('regret'))
})

test('several tops: none far below the best is stayed at', t => {
  const setting = catalogue['padded-batches']
  const trial = { setting, seconds: 240, replicas: 1, told: true }
  const best = attempt({ ...trial, seed: 101, limiter: 'fixed-36', first: 36 }).totals.good
  for (const [first, seed] of [
    [2, 1],
    [5, 2],
  ] as const) {
    const { good } = attempt({ ...trial, seed, limiter: 'outrigger', first }).totals
    t.true(good > 0.8 * best, `first ${first}, seed ${seed}: ${good} of ${best}`)
  }
})
