import test from 'ava'
import fc from 'fast-check'
import { oddField } from '../../../aggregator/store/odd.ts'
import { Store } from '../../../aggregator/store/store.ts'
import { BUCKETS } from '../../../core/model/histogram.ts'
import { sample as sampleSchema, type Sample } from '../../../core/model/sample.ts'
import { check } from '../../../core/model/schema.ts'
import { endpointWindows } from '../../../core/model/windows.ts'
import { busy, ENDPOINT, life, sampleOf, T0, target } from '../samples.ts'

const MOST = Number.MAX_SAFE_INTEGER
const order = { epoch: 1, n: 1 }

/** What passes the schema and is the number of no second. */
const lies: Record<string, Partial<Sample>> = {
  'a bucket that no histogram has': {
    service: { count: 1, sum: 1, squares: '1', histogram: [MOST, 1] },
  },
  'the first bucket too many': {
    wait: { count: 1, sum: 1, squares: '1', histogram: [BUCKETS, 1] },
  },
  'more in a bucket than were counted': {
    wait: { count: 1, sum: 1, squares: '1', histogram: [3, MOST] },
  },
  'buckets in no order': {
    service: { count: 2, sum: 1, squares: '1', histogram: [9, 1, 3, 1] },
  },
  'squares beyond all bounds': {
    service: { count: 1, sum: 1, squares: '9'.repeat(40), histogram: [3, 1] },
  },
  arrivals: { offered: MOST },
  'in flight': { inFlight: { integral: MOST, max: 1, end: 1 } },
  'an endless second': { us: MOST },
  'memory a million times its bound': { memory: { bytes: MOST, limit: 1 } },
  'cores without number': { cpu: { us: 1, quota: MOST } },
  'words for a count': { rejected: { ...sampleOf().rejected, odd: 'x'.repeat(999) } as never },
  'levels of no bucket': { occupancy: [[33, 1, 1, 0]] },
}

for (const [what, lie] of Object.entries(lies)) {
  test(`a sample with ${what} is nonsense, and what is told of the endpoint stays whole`, t => {
    const store = new Store()
    store.setTargets([target], T0 - 1000)
    const from = { kind: 'replica' as const, endpoint: ENDPOINT, replica: 'a' }
    for (const second of [0, 1, 2]) {
      const at = { seq: second, start: T0 + second * 1000 }
      const limit = { ...sampleOf().limit, order }
      const lying = busy(1, 1000, { ...at, limit, ...lie })
      t.true(check(sampleSchema, lying).ok)
      t.is(store.take(from, lying, 0, T0 + 3000), 'nonsense')
      t.is(store.take(from, busy(1, 1000, { ...at, limit }), 0, T0 + 3000), 'new')
    }
    const told = store.windows(ENDPOINT, T0 + 3000, true)
    t.true(check(endpointWindows, JSON.parse(JSON.stringify(told))).ok)
    t.is(told?.windows['20']?.replicas.offered, 3)
  })
}

test('what a second can have is not odd', t => {
  t.is(oddField(sampleOf()), null)
  for (const sample of life(50)) t.is(oddField(sample), null)
  const times = fc.nat(600_000_000)
  fc.assert(fc.property(fc.nat(10_000), times, (served, us) => oddField(busy(served, us)) === null))
})
