import test from 'ava'
import fc from 'fast-check'
import {
  bucketOf,
  lowest,
  merge,
  middle,
  quantile,
  Recorder,
} from '../../../core/model/histogram.ts'

const value = fc.oneof(
  fc.nat(100),
  fc.nat(2 ** 31 - 1),
  fc.integer({ min: 2 ** 30, max: 2 ** 40 - 1 }),
)

test('a bucket holds the value, and its middle is within 5 % of it', t => {
  fc.assert(
    fc.property(value, v => {
      const index = bucketOf(v)
      t.true(lowest(index) <= v && v < lowest(index + 1))
      t.true(Math.abs(middle(index) - v) <= 0.05 * v)
    }),
  )
  t.pass()
})

test('merging is associative and commutative, and a quantile is within 5 %', t => {
  const histogram = fc.array(value, { maxLength: 50 }).map(values => {
    const recorder = new Recorder()
    for (const v of values) recorder.add(v)
    return recorder.take()
  })
  fc.assert(
    fc.property(histogram, histogram, histogram, (a, b, c) => {
      t.deepEqual(merge(a, b), merge(b, a))
      t.deepEqual(merge(merge(a, b), c), merge(a, merge(b, c)))
    }),
  )
  const recorder = new Recorder()
  for (let i = 1; i <= 1000; i++) recorder.add(i * 100)
  const p95 = quantile(recorder.take(), 950)
  t.true(p95 !== null && Math.abs(p95 - 95_000) <= 0.05 * 95_000)
  t.is(quantile(recorder.take(), 950), null)
})
