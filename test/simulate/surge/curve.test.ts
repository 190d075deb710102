import test from 'ava'
import fc from 'fast-check'
import {
  around,
  atCost,
  frontier,
  median,
  ratioAt,
  sideOf,
  smallShare,
  type Point,
} from '../../../simulate/surge/curve.ts'

const at = (replicaSeconds: number, bad: number, lost = 0): Point => ({
  target: '',
  replicaSeconds,
  bad,
  lost,
  turns: 0,
  offered: 1e6,
  seeds: 1,
})
/** Ours as shipped is at the middle one of three. */
const against = (own: Point, ours: Point[], theirs: Point[], offered = 1e6) =>
  ratioAt(own, sideOf([own, ...ours]), sideOf(theirs), offered)
const SMALL = 1e-5
const near = (value: number | undefined, expected: number): boolean =>
  Math.abs((value ?? NaN) / expected - 1) < 1e-9

test('the frontier has what nothing cheaper is as good as', t => {
  const [cheap, good, best] = [at(100, 0.1), at(200, 0.01), at(400, 0.001)]
  const worse = [at(150, 0.2), at(300, 0.02), at(200, 0.5), at(500, 0.001)]
  t.deepEqual(frontier([...worse, best, good, cheap]), [cheap, good, best])
  t.deepEqual(frontier([]), [])
})

test('between two settings bad is interpolated by its logarithm, lost by itself', t => {
  const points = [at(100, 0.1, 0.04), at(300, 0.001, 0)]
  t.true(near(atCost(points, 200, SMALL)?.bad, 0.01))
  t.true(near(atCost(points, 200, SMALL)?.lost, 0.02))
  t.true(near(atCost(points, 100, SMALL)?.bad, 0.1))
  t.true(near(atCost(points, 300, SMALL)?.bad, 0.001))
})

test('beyond the ends of the frontier it is as good as there: what was dear for nothing is no better', t => {
  const points = [at(100, 0.1), at(300, 0.001), at(500, 0.3)]
  t.true(near(atCost(points, 50, SMALL)?.bad, 0.1))
  t.true(near(atCost(points, 400, SMALL)?.bad, 0.001))
  t.is(atCost([], 100, SMALL), null)
})

test('next to a cost are the two points of the frontier around it', t => {
  const points = [at(100, 0.1), at(200, 0.5), at(300, 0.001), at(500, 0.3)]
  const costs = (cost: number): number[] => around(points, cost).map(p => p.replicaSeconds)
  t.deepEqual(costs(200), [100, 300])
  t.deepEqual(costs(100), [100])
  t.deepEqual(costs(50), [100])
  t.deepEqual(costs(400), [300])
})

test('nothing bad at all counts as a few requests', t => {
  t.is(atCost([at(100, 0)], 100, SMALL)?.bad, SMALL)
  t.is(smallShare(1000), 0.003)
  t.is(smallShare(1e9), 1e-5)
})

test('at equal cost: who has ten times as much bad is ten times as bad', t => {
  const own = at(200, 0.01, 0.02)
  const theirs = [at(100, 1, 0.01), at(300, 0.01, 0.01)]
  const ratio = against(own, [], theirs)
  t.true(near(ratio?.bad, 10))
  t.true(near(ratio?.lost, 0.5))
  t.like(ratio, { cost: 200, moved: false, nearZero: false })
})

test('ours is the setting as shipped, even where another of ours is as cheap and better', t => {
  const ratio = against(at(200, 0.01), [at(199, 0.001), at(300, 0.0001)], [at(200, 0.05)])
  t.true(near(ratio?.bad, 5))
})

test('costs within two percent are equal', t => {
  t.like(against(at(200, 0.01), [], [at(203, 0.05)]), { moved: false })
  t.like(against(at(200, 0.01), [at(300, 0.01)], [at(205, 0.05)]), { moved: true })
})

test('a rival that never cost as much is met where it was; one that always costs more, by our dearest', t => {
  const [own, more] = [at(250, 0.01), [at(100, 0.1), at(400, 0.001)]]
  const cheap = against(own, more, [at(50, 0.9), at(175, 0.05)])
  t.like(cheap, { cost: 175, moved: true })
  t.true(near(cheap?.ours.bad, Math.sqrt(0.1 * 0.01)))
  const dear = against(own, more, [at(900, 0.004), at(1000, 0.003)])
  t.like(dear, { cost: 900, moved: true })
  t.true(near(dear?.bad, 4))
  t.is(against(own, more, [at(10, 0.5), at(90, 0.2)]), null)
})

test('no ratio is beyond 100, and next to nothing is marked', t => {
  t.like(against(at(100, 0), [], [at(100, 0.5)]), { bad: 100, nearZero: true })
  t.like(against(at(100, 0), [], [at(100, 0)]), { bad: 1 })
  t.like(against(at(100, 0.5), [], [at(100, 0)]), { bad: 0.01, nearZero: true })
})

test('the median of an even number is between its middle two', t => {
  t.is(median([9, 1, 100]), 9)
  t.is(median([4, 1, 100, 9]), 6)
  t.is(median([]), null)
})

test('more to spend never does more harm, and swapping the two turns a ratio round', t => {
  const share = fc.double({ min: 0.0001, max: 1, noNaN: true })
  const cost = fc.integer({ min: 100, max: 1000 })
  const some = fc.array(fc.tuple(cost, share), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(some, cost, cost, share, share, (all, one, other, a, b) => {
      const points = [...all.map(([c, s]) => at(c, s)), at(100, 1), at(1000, 0.5)]
      const [low, high] = [Math.min(one, other), Math.max(one, other)]
      const harm = (c: number): number => atCost(points, c, SMALL)?.bad ?? NaN
      t.true(harm(high) <= harm(low) * (1 + 1e-12))
      const there = against(at(one, a), [], [at(one, b)], 1e9)?.bad ?? NaN
      const back = against(at(one, b), [], [at(one, a)], 1e9)?.bad ?? NaN
      t.true(near(there * back, 1) || there === 100 || back === 100)
    }),
  )
})
