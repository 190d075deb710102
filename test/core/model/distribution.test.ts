import test from 'ava'
import fc from 'fast-check'
import {
  add,
  distribution,
  DistributionRecorder,
  EMPTY,
  mean,
  variance,
  type Distribution,
} from '../../../core/model/distribution.ts'
import { countAbove, countOf } from '../../../core/model/histogram.ts'
import { check } from '../../../core/model/schema.ts'

const values = fc.array(
  fc.oneof(fc.nat(1000), fc.nat(100_000_000), fc.integer({ min: 60_000_000, max: 3_600_000_000 })),
  { maxLength: 30 },
)

function recorded(list: readonly number[]): Distribution {
  const recorder = new DistributionRecorder()
  for (const value of list) recorder.add(value)
  return recorder.take()
}

test('count, sum and squares are exact, whatever the size of the values', t => {
  fc.assert(
    fc.property(values, list => {
      const d = recorded(list)
      t.is(d.count, list.length)
      t.is(
        d.sum,
        list.reduce((sum, value) => sum + value, 0),
      )
      t.is(d.squares, list.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n).toString())
      t.is(countOf(d.histogram), list.length)
      t.true(check(distribution, d).ok)
    }),
  )
})

test('squares that add up beyond a safe integer stay exact', t => {
  const list = Array.from({ length: 5000 }, (_, i) => 60_000_001 + i)
  t.is(
    recorded(list).squares,
    list.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n).toString(),
  )
})

test('adding is what recording all together gives, in any grouping', t => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const all = recorded([...a, ...b, ...c])
      t.deepEqual(add(add(recorded(a), recorded(b)), recorded(c)), all)
      t.deepEqual(add(recorded(c), add(recorded(b), recorded(a))), all)
    }),
  )
})

test('a recorder is empty after it was taken from', t => {
  const recorder = new DistributionRecorder()
  recorder.add(5)
  recorder.take()
  t.deepEqual(recorder.take(), EMPTY)
})

test('mean and variance, and none where there is nothing', t => {
  t.is(mean(EMPTY), null)
  t.is(variance(recorded([7])), null)
  t.is(mean(recorded([2, 4, 9])), 5)
  t.is(variance(recorded([2, 4, 6, 12])), 14)
  t.is(variance(recorded([3, 3, 3])), 0)
})

test('how many were above a bound', t => {
  const { histogram } = recorded([10, 20, 5000, 6000])
  t.is(countAbove(histogram, 1000), 2)
  t.is(countAbove(histogram, 10_000), 0)
})
