import test from 'ava'
import {
  middleRank,
  MovingAverage,
  nearestRank,
  wholeLog10,
} from '../../../../simulate/rivals/limiters/figures.ts'

test('log10 in whole numbers, at least 1', t => {
  t.deepEqual([0, 9, 10, 99, 100, 999, 1000, 10_000].map(wholeLog10), [1, 1, 1, 1, 2, 2, 3, 4])
})

test('an average over 100 with a warm-up of 10, as in ExpAvgMeasurementTest', t => {
  const average = new MovingAverage(100, 10)
  const plain = Array.from({ length: 10 }, (_, i) => average.add(10 + i))
  t.deepEqual(plain, [10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5])
  // 14.5 x 99/101 + 100 x 2/101
  t.true(Math.abs(average.add(100) - 16.193) < 0.001)
})

test('quantiles, in whatever order the values come', t => {
  const values = [50, 10, 40, 20, 30]
  t.deepEqual(
    [0, 0.5, 0.6, 0.9, 1].map(share => nearestRank(values, share)),
    [10, 30, 30, 50, 50],
  )
  // Rank .5 x 5 - .5 = 2, rank .6 x 5 - .5 = 2.5, rank 4 is the last.
  t.deepEqual(
    [0, 0.5, 0.6, 0.9, 1].map(share => middleRank(values, share)),
    [10, 30, 35, 50, 50],
  )
  t.deepEqual([nearestRank([7], 0.9), middleRank([7], 0.9)], [7, 7])
  t.deepEqual(values, [50, 10, 40, 20, 30])
})
