import test from 'ava'
import type { Row } from '../../../simulate/surge/compare.ts'
import type { Point, Ratio } from '../../../simulate/surge/curve.ts'
import { summary } from '../../../simulate/surge/summary.ts'

const point: Point = {
  target: '',
  replicaSeconds: 100,
  bad: 0.1,
  lost: 0,
  turns: 3,
  offered: 1e6,
  seeds: 1,
}
const ratio = (more: Partial<Ratio>): Ratio => ({
  cost: 100,
  ours: { bad: 0.1, lost: 0.01 },
  theirs: { bad: 0.2, lost: 0.01 },
  bad: 2,
  lost: 1,
  nearZero: false,
  moved: false,
  ...more,
})
const row = (kpa: Ratio | null, loss: number): Row => ({
  name: '',
  about: '',
  offered: 1e6,
  default: point,
  floor: 0,
  fewestTurns: 2,
  bestFixed: null,
  ours: [],
  theirs: {},
  ratios: { kpa },
  fronts: { edges8: { point, loss, ratios: {} } },
})

test('what can not be compared, or only elsewhere, is counted beside the figures', t => {
  const rows = [
    row(ratio({ bad: 4 }), 1),
    row(ratio({ bad: 0.9, moved: true }), 1.5),
    row(ratio({ bad: 100, nearZero: true }), 2),
    row(null, 1.2),
  ]
  const all = summary(rows)
  t.is(all.medianBadRatio.kpa, 4)
  t.is(all.worstBadRatio.kpa, 0.9)
  t.deepEqual([all.nulls.kpa, all.moved.kpa, all.nearZero.kpa, all.worse.kpa], [1, 1, 1, 1])
  t.is(all.nulls.hpa, 0)
  t.is(all.fronts.edges8.worstLoss, 2)
  t.is(all.fronts.edges2.medianLoss, null)
  t.deepEqual(all.turns, { ours: 12, fewest: 8 })
})

test('more is lost where it is more than a fifth more, and more than a thousandth of the requests', t => {
  const lost = (ours: number, theirs: number): number | null => {
    const harm = (share: number) => ({ bad: 0.1, lost: share })
    return summary([row(ratio({ ours: harm(ours), theirs: harm(theirs) }), 1)]).lostMore.kpa
  }
  t.is(lost(0.013, 0.01), 1)
  t.is(lost(0.0118, 0.01), 0)
  t.is(lost(0.0018, 0.001), 0)
  t.is(lost(0.0022, 0.001), 1)
})
