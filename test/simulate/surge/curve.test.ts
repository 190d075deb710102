import test from 'ava'
import fc from 'fast-check'
import {
  atCost,
  frontier,
  median,
  ratioAt,
  smallShare,
  type Point,
} from '../../../simulate/surge/curve.ts'

const at = (replicaSeconds: number, bad: number, lost = 0): Point => ({
  target: '',
  replicaSeconds,
  bad,
  lost,
})
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

test('a cost that no setting had gets no figure; one that was dear for nothing gets the best below it', t => {
  const points = [at(100, 0.1), at(300, 0.001), at(500, 0.3)]
  t.is(atCost(points, 99, SMALL), null)
  t.is(atCost(points, 501, SMALL), null)
  t.true(near(atCost(points, 400, SMALL)?.bad, 0.001))
  t.is(atCost([], 100, SMALL), null)
})

test('nothing bad at all counts as a few requests', t => {
  t.is(atCost([at(100, 0)], 100, SMALL)?.bad, SMALL)
  t.is(smallShare(1000), 0.003)
  t.is(smallShare(1e9), 1e-5)
})

test('at equal cost: who has ten times as much bad is ten times as bad', t => {
  const ours = [at(100, 0.1, 0.02), at(300, 0.001, 0.02)]
  const theirs = ours.map(p => ({ ...p, bad: p.bad * 10, lost: p.lost / 2 }))
  const ratio = ratioAt(ours, theirs, { cost: 200, offered: 1e6 })
  t.true(near(ratio?.bad, 10))
  t.true(near(ratio?.lost, 0.5))
  t.like(ratio, { cost: 200, moved: false, nearZero: false })
})

test('a rival that never cost as much is met where it was; one that always costs more, by our dearest', t => {
  const ours = [at(100, 0.1), at(300, 0.001)]
  const cheap = ratioAt(ours, [at(50, 0.5), at(200, 0.05)], { cost: 250, offered: 1e6 })
  t.like(cheap, { cost: 200, moved: true })
  t.true(near(cheap?.bad, 5))
  const dear = ratioAt(ours, [at(900, 0.004), at(1000, 0.003)], { cost: 250, offered: 1e6 })
  t.like(dear, { cost: 900, moved: true })
  t.true(near(dear?.bad, 4))
  t.is(ratioAt(ours, [at(10, 0.5), at(90, 0.2)], { cost: 250, offered: 1e6 }), null)
})

test('no ratio is beyond 100, and next to nothing is marked', t => {
  const best = ratioAt([at(100, 0)], [at(100, 0.5)], { cost: 100, offered: 1e6 })
  t.like(best, { bad: 100, nearZero: true })
  t.like(ratioAt([at(100, 0)], [at(100, 0)], { cost: 100, offered: 1e6 }), { bad: 1 })
  const worst = ratioAt([at(100, 0.5)], [at(100, 0)], { cost: 100, offered: 1e6 })
  t.like(worst, { bad: 0.01, nearZero: true })
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
  const ends = (bad: number): Point[] => [at(100, 1), at(1000, bad)]
  fc.assert(
    fc.property(some, some, cost, cost, (a, b, one, other) => {
      const [ours, theirs] = [a, b].map(all => [...all.map(([c, s]) => at(c, s)), ...ends(0.5)])
      const [low, high] = [Math.min(one, other), Math.max(one, other)]
      const harm = (c: number): number => atCost(ours as Point[], c, SMALL)?.bad ?? NaN
      t.true(harm(high) <= harm(low) * (1 + 1e-12))
      const options = { cost: one, offered: 1e9 }
      const there = ratioAt(ours as Point[], theirs as Point[], options)
      const back = ratioAt(theirs as Point[], ours as Point[], options)
      t.true(
        near((there?.bad ?? NaN) * (back?.bad ?? NaN), 1) ||
          there?.bad === 100 ||
          back?.bad === 100,
      )
    }),
  )
})
