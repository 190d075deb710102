import test from 'ava'
import { Buckets } from '../../../../simulate/rivals/scalers/buckets.ts'

// Numbers: Knative Serving, pkg/autoscaler/aggregation/bucketing_test.go (TestTimedFloat64BucketsWindowAverage).
test('the mean of a window of 5 s, as in its own test', t => {
  const buckets = new Buckets(5)
  buckets.record(0, 1)
  t.is(buckets.mean(0), 1)
  for (let s = 1; s < 5; s++) buckets.record(s, s + 1)
  t.is(buckets.mean(4), 3)
  t.is(buckets.mean(3), 3)
  t.is(buckets.mean(6), (15 - 1 - 2) / 3)
  t.is(buckets.mean(10), 0)
  buckets.record(6, 91)
  t.is(buckets.mean(6), (15 - 1 - 2 + 91) / 5)
  buckets.record(60, 1984)
  t.is(buckets.mean(60), 1984)
})

test('several of one second add up', t => {
  const buckets = new Buckets(6)
  buckets.record(1_700_000_000, 1)
  buckets.record(1_700_000_000, 10)
  t.is(buckets.mean(1_700_000_000), 11)
})

test('empty once more than a window has passed', t => {
  const buckets = new Buckets(5)
  t.true(buckets.empty(0))
  buckets.record(1, 1)
  t.false(buckets.empty(6))
  t.true(buckets.empty(7))
})
