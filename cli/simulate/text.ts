import type { Played } from '../../simulate/result.ts'
import { columns, NEAR_ZERO, RATIO, ratioIn } from './columns.ts'
import { verdict, type Outcome } from './expect.ts'
import { limiterIn } from './pairs.ts'
import { byScenario, rowsOf, type Row } from './rows.ts'
import { seedsIn, span } from './words.ts'

/** The table on standard output: a block for each scenario, and what was expected of it. */
export function tables(played: readonly Played[], outcomes: readonly Outcome[]): string {
  return byScenario(played)
    .map(runs => block(runs, outcomes).join('\n'))
    .join('\n\n')
}

function block(runs: readonly Played[], outcomes: readonly Outcome[]): string[] {
  const rows = rowsOf(runs)
  const { scenario = '', seconds } = runs[0] ?? {}
  const title = `${scenario}: ${span(seconds?.offered.length ?? 0)}, ${seedsIn(rows[0]?.seeds ?? [])}`
  const heads = ['POLICY', 'LIMITER', ...columns.map(({ head }) => head), RATIO.head]
  const spread = rows.some(row => row.spread !== null)
  const starred = rows.some(({ ratio }) => ratio?.nearZero === true)
  return [
    title,
    ...aligned([heads.map(head => head.toUpperCase()), ...rows.flatMap(cellsOf)]),
    ...(spread ? ['± is the standard deviation over the seeds.'] : []),
    ...(starred ? [NEAR_ZERO] : []),
    ...expected(outcomes.filter(outcome => outcome.scenario === scenario)),
  ]
}

/** A line of means, and below it one of spreads where there are several seeds. */
function cellsOf(row: Row): string[][] {
  const { policy, mean, spread, ratio } = row
  const means = [
    policy,
    limiterIn(row),
    ...columns.map(({ of, say }) => say(mean[of])),
    ratioIn(ratio),
  ]
  if (spread === null) return [means]
  return [means, ['', '±', ...columns.map(({ of, say }) => say(spread[of])), '']]
}

/** The first two columns are words. */
function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function expected(outcomes: readonly Outcome[]): string[] {
  if (outcomes.length === 0) return []
  const counts = [true, false].flatMap(met => {
    const count = outcomes.filter(outcome => outcome.met === met).length
    return count === 0 ? [] : [`${count} ${verdict(met)}`]
  })
  return [
    `Expected: ${counts.join(', ')}.`,
    ...outcomes.map(
      ({ met, policy, seed, what }) =>
        `  ${verdict(met).padEnd(6)}  ${policy}, seed ${seed}: ${what}`,
    ),
  ]
}
