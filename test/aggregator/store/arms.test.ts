import test from 'ava'
import fc from 'fast-check'
import { Arms } from '../../../aggregator/store/arms.ts'
import type { LimitState, Sample } from '../../../core/model/sample.ts'
import { check, list } from '../../../core/model/schema.ts'
import { armFold } from '../../../core/model/windows.ts'
import { busy } from '../samples.ts'

const state = (over: Partial<LimitState>): LimitState => ({
  learned: 4,
  arm: 'a',
  slot: 0,
  settling: false,
  guard: false,
  effective: 4,
  order: { epoch: 1, n: 1 },
  ...over,
})

function foldsOf(samples: readonly Sample[]) {
  const arms = new Arms()
  for (const sample of samples) arms.add(sample, Math.floor(sample.start / 1000))
  return arms.byRevision()
}

test('settling seconds are left out and guard seconds only counted', t => {
  const { r1 = [] } = foldsOf([
    busy(9, 1000, { limit: state({ settling: true }) }),
    busy(3, 1000, { limit: state({}) }),
    busy(4, 2000, { limit: state({ effective: 5 }) }),
    busy(7, 1000, { limit: state({ guard: true, effective: 2 }) }),
    busy(7, 1000, { limit: state({ guard: true, effective: 3 }) }),
    busy(5, 1000, { limit: state({ order: null }) }),
  ])
  t.is(r1.length, 1)
  t.like(r1[0], {
    seconds: 2,
    us: 2_000_000,
    ok: 7,
    okSquares: 25,
    offered: 7,
    limit: 5,
    guardSeconds: 2,
    guardLimits: 5,
    inFlightIntegral: 4_000_000,
    cpuUs: 1_000_000,
  })
  t.like(r1[0]?.service, { count: 7, sum: 11_000, squares: '19000000' })
})

test('an order that stands for months blinds nobody: sums stay integers that can be told', t => {
  const arms = new Arms()
  const most = 10_000_000_000_000
  for (let second = 0; second < 1000; second++) {
    const inFlight = { integral: most, max: 3, end: 2 }
    arms.add(busy(1, 1000, { limit: state({ arm: 'none' }), seq: second, inFlight }), second)
  }
  const { r1 = [] } = arms.byRevision()
  t.deepEqual(check(list(armFold, 32), r1), { ok: true, value: r1 })
  t.is(r1[0]?.seconds, Math.floor(Number.MAX_SAFE_INTEGER / most))
  arms.add(busy(1, 1000, { limit: state({ arm: 'none', guard: true }), seq: 1000 }), 1000)
  t.is(arms.byRevision().r1?.[0]?.guardSeconds, 1, 'the guard still counts')
})

test('the newest 32 folds of the newest 8 revisions are kept, in any order of arrival', t => {
  const sample = fc
    .record({
      epoch: fc.nat(3),
      n: fc.nat(3),
      slot: fc.nat(9),
      b: fc.boolean(),
      second: fc.nat(500),
    })
    .map(({ epoch, n, slot, b, second }) =>
      busy(second % 5, 700, {
        start: second * 1000,
        revision: `r${epoch}`,
        limit: state({ order: { epoch, n }, slot, arm: b ? 'b' : 'a' }),
      }),
    )
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 300 }), samples => {
      const folds = foldsOf(samples)
      t.deepEqual(foldsOf(samples.toReversed()), folds)
      t.true(Object.values(folds).every(list => list.length <= 32))
    }),
    { numRuns: 30 },
  )
  const revisions = Array.from({ length: 12 }, (_, i) =>
    busy(1, 1, { revision: `r${i}`, start: i * 1000, limit: state({}) }),
  )
  t.deepEqual(Object.keys(foldsOf(revisions)), ['r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'r11'])
})
