import type { Row } from '../../simulate/surge/compare.ts'
import type { Ratio } from '../../simulate/surge/curve.ts'
import { summary } from '../../simulate/surge/summary.ts'
import { fronts, rivals, type FrontName } from '../../simulate/surge/sweep.ts'

const WIDTH = 17

/** Ours and what bounds it, then for each rival how many times as much is bad / lost at our cost. */
export function table(rows: readonly Row[]): string {
  return [...main(rows), '', ...others(rows), '', ...LEGEND].join('\n')
}

const LEGEND = [
  'Ratios of bad / lost at the replica-seconds of our defaults: above 1 Outrigger is better; 100 at most.',
  '* next to nothing is bad in one of the two. > the rival was never at our cost: compared at the nearest one,',
  'where our curve has been too; behind other fronts ours is then the cheaper one.',
  'floor: what start-up time alone makes bad. fixed count: the best in hindsight that cost no more.',
  'turns: how often the count turned round, and how often it has to.',
]

function main(rows: readonly Row[]): string[] {
  const title = ['scenario', 'cost', 'bad / lost %', 'floor %', 'fixed count %', 'turns / fewest']
  const lines = rows.map(row => {
    const { name, default: own, floor, fewestTurns, bestFixed } = row
    const mine = `${percent(own.bad)} / ${percent(own.lost)}`
    const turns = `${own.turns.toFixed(1)} / ${fewestTurns}`
    const fixed = bestFixed === null ? '-' : percent(bestFixed.bad)
    const cost = String(Math.round(own.replicaSeconds))
    return line([
      name,
      cost,
      mine,
      percent(floor),
      fixed,
      turns,
      ...rivals.map(r => cell(row.ratios[r])),
    ])
  })
  const { fronts: _, turns: __, ...figures } = summary(rows)
  const ends = Object.entries(figures).map(([name, each]) =>
    line([name, '', '', '', '', '', ...rivals.map(rival => number(each[rival]))]),
  )
  return [line([...title, ...rivals]), ...lines, ...ends]
}

/** Outrigger behind other fronts than one edge: bad, times that behind one edge, and against the rivals. */
function others(rows: readonly Row[]): string[] {
  const names = Object.keys(fronts) as FrontName[]
  const title = line(['behind', 'scenario', 'bad / lost %', 'x one edge', ...rivals])
  const lines = names.flatMap(front =>
    rows.flatMap(({ name, fronts: all }) => {
      const one = all[front]
      if (one === undefined) return []
      const mine = `${percent(one.point.bad)} / ${percent(one.point.lost)}`
      return [line([front, name, mine, times(one.loss), ...rivals.map(r => cell(one.ratios[r]))])]
    }),
  )
  const { fronts: losses } = summary(rows)
  const ends = names.map(front => {
    const { medianLoss, worstLoss } = losses[front]
    return line([front, 'median / worst', '', `${number(medianLoss)} / ${number(worstLoss)}`])
  })
  return [title, ...lines, ...ends]
}

function cell(ratio: Ratio | null | undefined): string {
  if (ratio == null) return ratio === null ? 'no common cost' : '-'
  const marks = `${ratio.nearZero ? '*' : ''}${ratio.moved ? '>' : ''}`
  return `${times(ratio.bad)} / ${times(ratio.lost)}${marks}`
}

function line(cells: readonly string[]): string {
  return cells
    .map(text => text.padEnd(WIDTH))
    .join('')
    .trimEnd()
}

function percent(share: number): string {
  return (share * 100).toPrecision(3)
}

function number(value: number | null | undefined): string {
  if (value == null) return '-'
  return Number.isInteger(value) ? String(value) : times(value)
}

function times(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)
}
