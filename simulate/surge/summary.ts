import type { Row } from './compare.ts'
import { median, type Ratio } from './curve.ts'
import { fronts, rivals, type FrontName, type RivalName } from './sweep.ts'

type Figures = Record<RivalName, number | null>

/** What is left of all scenarios for each rival, at the cost of our defaults over one window. */
export interface Summary {
  medianBadRatio: Figures
  worstBadRatio: Figures
  /** Medians. */
  lostRatio: Figures
  worstLostRatio: Figures
  /** Scenarios without any cost in common, those compared at another cost than ours, those with next to nothing bad. */
  nulls: Figures
  moved: Figures
  nearZero: Figures
  /** Scenarios in which we are more than a tenth worse. */
  worse: Figures
  /** Scenarios in which we lost more than 1.2 x as much, and 0.1 percentage points more. */
  lostMore: Figures
  /** Median of our bad behind other fronts over that behind one edge, and the worst. */
  fronts: Record<FrontName, { medianLoss: number | null; worstLoss: number | null }>
  /** Direction changes of all scenarios, and the fewest that serve them. */
  turns: { ours: number; fewest: number }
}

export function summary(rows: readonly Row[]): Summary {
  const all = (rival: RivalName): Ratio[] => rows.flatMap(row => row.ratios[rival] ?? [])
  const figures = (of: (ratios: Ratio[], rival: RivalName) => number | null): Figures =>
    Object.fromEntries(rivals.map(rival => [rival, of(all(rival), rival)])) as Figures
  const count = (is: (ratio: Ratio) => boolean): Figures =>
    figures(ratios => ratios.filter(is).length)
  const losses = (name: FrontName): number[] => rows.flatMap(row => row.fronts[name]?.loss ?? [])
  return {
    medianBadRatio: figures(ratios => median(ratios.map(({ bad }) => bad))),
    worstBadRatio: figures(ratios => least(ratios.map(({ bad }) => bad))),
    lostRatio: figures(ratios => median(ratios.map(({ lost }) => lost))),
    worstLostRatio: figures(ratios => least(ratios.map(({ lost }) => lost))),
    nulls: figures((_, rival) => rows.filter(row => row.ratios[rival] === null).length),
    moved: count(({ moved }) => moved),
    nearZero: count(({ nearZero }) => nearZero),
    worse: count(({ bad }) => bad < 1 / 1.1),
    lostMore: count(
      ({ ours, theirs }) => ours.lost > Math.max(1.2 * theirs.lost, theirs.lost + 0.001),
    ),
    fronts: Object.fromEntries(
      (Object.keys(fronts) as FrontName[]).map(name => {
        const of = losses(name)
        return [
          name,
          { medianLoss: median(of), worstLoss: of.length === 0 ? null : Math.max(...of) },
        ]
      }),
    ) as Summary['fronts'],
    turns: {
      ours: rows.reduce((sum, row) => sum + row.default.turns, 0),
      fewest: rows.reduce((sum, row) => sum + row.fewestTurns, 0),
    },
  }
}

function least(ratios: readonly number[]): number | null {
  return ratios.length === 0 ? null : Math.min(...ratios)
}
