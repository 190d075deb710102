import type { Row } from '../simulate/surge/compare.ts'
import type { Ratio } from '../simulate/surge/curve.ts'
import type { Summary } from '../simulate/surge/summary.ts'
import { fronts, rivals, type FrontName, type RivalName } from '../simulate/surge/sweep.ts'
import { head, line } from './tables.ts'

/** What `make bench-surge` has written. */
export interface Surge extends Summary {
  commit: string
  grain: string
  seeds: number
  rows: Row[]
}

const names: Record<RivalName, string> = {
  hpa: 'HPA, CPU',
  hpaConcurrency: 'HPA, concurrency',
  kpa: 'Knative',
  kpa300: 'Knative, 300 s',
  keda: 'KEDA http',
  fixed: 'a fixed count',
}
/** In the table of scenarios. */
const SHOWN: readonly RivalName[] = ['hpa', 'kpa', 'kpa300', 'keda']

/** The part of docs/results.md about surges. */
export function surgeResults(surge: Surge): string {
  const figures: [string, (rival: RivalName) => string][] = [
    ['bad, median', rival => ratio(surge.medianBadRatio[rival])],
    ['bad, worst', rival => ratio(surge.worstBadRatio[rival])],
    ['lost, median', rival => ratio(surge.lostRatio[rival])],
    ['scenarios more than a tenth worse', rival => count(surge.worse[rival])],
    ['lost more (1.2 x and 0.1 points)', rival => count(surge.lostMore[rival])],
    ['next to nothing bad in one', rival => count(surge.nearZero[rival])],
    ['compared at another cost', rival => count(surge.moved[rival])],
    ['no cost in common', rival => count(surge.nulls[rival])],
  ]
  const behind = (Object.keys(fronts) as FrontName[]).map(name => {
    const { medianLoss, worstLoss } = surge.fronts[name]
    return line([fronts[name].words, ratio(medianLoss), ratio(worstLoss)])
  })
  return `## How much does a surge hurt?

Measured in virtual time at commit ${surge.commit.slice(0, 10)} by \`make bench-surge ARGS='--seeds ${surge.seeds}'\`: ${surge.rows.length} scenarios, a model whose limit
everybody is told, so that scalers are compared and not limits. *Bad* requests waited more than 100 ms for a slot, were
turned away for good, or failed; *lost* ones were turned away for good or failed. Each rival's target is swept, and it is
compared at the replica-seconds of our defaults: 2 means that twice as many are bad at the same cost, and no ratio
counts as more than 100. The autoscalers act by their published rules ([simulate.md](simulate.md)); HPA and KEDA have the
better of two balancers, Knative its activator.

${head(['Times ours', ...rivals.map(rival => names[rival])])}
${figures.map(([what, of]) => line([what, ...rivals.map(of)])).join('\n')}

The count turned round ${surge.turns.ours.toFixed(1)} times in all scenarios together; ${surge.turns.fewest} are the fewest that serve them. Behind something else
than one edge, bad over that behind one edge:

${head(['Behind', 'median', 'worst'])}
${behind.join('\n')}

### By scenario

Bad over bad, and lost over lost. *Floor*: what the start-up time alone makes bad, for who neither foresees anything nor
keeps more than is needed. *Fixed*: the best count in hindsight that costs no more. \`*\`: next to nothing is bad in one of
the two. \`>\`: the rival was never at our cost, and is compared at the nearest.

${head(['Scenario', 'Bad / lost, %', 'Floor, %', 'Fixed, %', ...SHOWN.map(rival => names[rival])])}
${surge.rows.map(scenario).join('\n')}
`
}

function scenario({ name, about, default: own, floor, bestFixed, ratios }: Row): string {
  return line([
    `${name}: ${about}`,
    `${percent(own.bad)} / ${percent(own.lost)}`,
    percent(floor),
    bestFixed === null ? '-' : percent(bestFixed.bad),
    ...SHOWN.map(rival => cell(ratios[rival])),
  ])
}

function cell(one: Ratio | null | undefined): string {
  if (one == null) return '-'
  return `${ratio(one.bad)} / ${ratio(one.lost)}${one.nearZero ? ' *' : ''}${one.moved ? ' >' : ''}`
}

function percent(share: number): string {
  return (100 * share).toFixed(2)
}

function ratio(value: number | null): string {
  if (value === null) return '-'
  return value >= 10 ? value.toFixed(0) : value.toFixed(2)
}

function count(value: number | null): string {
  return value === null ? '-' : String(value)
}
