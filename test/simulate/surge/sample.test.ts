import test from 'ava'
import { compare } from '../../../simulate/surge/compare.ts'
import { surges, type Surge } from '../../../simulate/surge/scenarios.ts'
import { summary } from '../../../simulate/surge/summary.ts'

/**
 * A sample of `make bench-surge`: a few scenarios cut short, few settings a curve, one seed. Virtual time, so
 * the figures are the same everywhere; the margins leave room for changes that do no harm.
 */
const rowOf = (name: string, run: string) => {
  const found = surges.find(surge => surge.name === name) as Surge
  return compare(
    { ...found, run },
    { grain: 'sample', seeds: [1], against: ['hpa', 'kpa'], behind: [] },
  )
}

// name, run, and how many times as much is bad at least: HPA, KPA.
const least = [
  ['step-fast-20s', '700s', 4, 1.05],
  ['square-fast-20s', '720s', 3, 2],
  ['flash-slow-20s', '600s', 2, 1.1],
] as const
const rows = least.map(([name, run]) => rowOf(name, run))

for (const [i, [name, , hpa, kpa]] of least.entries()) {
  test(`${name}: at equal cost an HPA on CPU and Knative hurt more`, t => {
    const { ratios, default: own, floor } = rows[i] ?? t.fail()
    t.true((ratios.hpa?.bad ?? 0) > hpa, `HPA ${ratios.hpa?.bad}`)
    t.true((ratios.kpa?.bad ?? 0) > kpa, `KPA ${ratios.kpa?.bad}`)
    // Start-up time alone costs some of it, and not many times that.
    t.true(own.bad > floor / 2 && own.bad < 4 * floor, `${own.bad} of ${floor}`)
  })
}

test('a summary has the middle and the worst of all, and nothing of who was not compared', t => {
  const { medianBadRatio, worstBadRatio, nulls } = summary(rows)
  t.true((worstBadRatio.hpa ?? NaN) <= (medianBadRatio.hpa ?? NaN))
  t.is(worstBadRatio.hpa, Math.min(...rows.map(({ ratios }) => ratios.hpa?.bad ?? NaN)))
  t.is(medianBadRatio.keda, null)
  const [own, fewest] = [rows[0]?.default.turns ?? NaN, rows[0]?.fewestTurns ?? NaN]
  // It ends before the lull is over: what served the backlog goes, and no more.
  t.true(own <= 1)
  t.deepEqual([fewest, nulls.hpa], [0, 0])
})
