import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { PathResult } from '../bench/path/result.ts'
import type { Row as PathRow } from '../bench/path/rows.ts'
import { enginesResults, type Engines } from './results-engines.ts'
import { pathResults } from './results-path.ts'
import { surgeResults, type Surge } from './results-surge.ts'
import { head, line } from './tables.ts'

/** docs/results.md, made from what the benches have written. */

interface Summary {
  n: number
  worst: number
  p05: number
  mean: number
  error: number
  within120: number
  rejections: number
  rejectionsP95: number
  intime: number
}

interface Learn {
  commit: string
  /** The bench's options. */
  arguments: Record<string, string | boolean>
  seconds: number
  table: Record<string, Summary>
  rows: { plant: string; oracle: number; told: Summary; notTold: Summary }[]
}

function read(name: string): unknown {
  const path = fileURLToPath(new URL(`../bench/results/${name}.json`, import.meta.url))
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
}

export function resultsPage(): string {
  const learn = read('learn') as Learn | null
  if (learn === null) throw new Error('bench/results/learn.json: expected it, got nothing')
  const options = Object.entries(learn.arguments)
    .flatMap(([name, value]) => (typeof value === 'string' ? [`--${name} ${value}`] : []))
    .join(' ')
  const rivals = Object.entries(learn.table).map(([name, s]) => cells(name, s))
  const plants = learn.rows
    .filter(({ plant }) => !plant.startsWith('drawn-'))
    .toSorted((a, b) => a.told.mean - b.told.mean)
    .map(({ plant, oracle, told, notTold }) =>
      line([plant, String(oracle), share(told.mean), share(told.worst), share(notTold.mean)]),
    )
  const engines = read('engines') as Engines | null
  const surge = read('surge') as Surge | null
  const path = read('path') as PathResult | null
  const rounds = (read('path-rounds') ?? []) as PathRow[]
  return `# Results

## How good is the learned limit?

Made from \`bench/results/learn.json\` by \`make docs\`; measured in virtual time at commit ${learn.commit.slice(0, 10)}
by \`make bench-learn ARGS='${options}'\`. The same commit gives the same figures on every machine.

Each run is one model ([plants](simulate.md), with its own traffic) for ${learn.seconds} s from a cold start, with a fixed
count of replicas. Its good answers (within the model's latency objective) are divided by those of the best fixed
limit, found by a sweep on other seeds: 1 is what somebody could reach who knew everything beforehand and whose model
never changed. *Told* means that the endpoint has its objective as \`latency-objective\`; *not told* that it has no
setting at all and is judged by an objective that nobody gave it. Held-out models are drawn by seed from wide ranges
and were not looked at while the learner was written.

${head(['', 'runs', 'worst', 'p05', 'mean', '95 % interval', '90 % within 120 s', '429s / best', '429s / best, p95', 'p95 in time'])}
${rivals.join('\n')}

The interval counts models, since runs of one are alike. Rivals are other projects' limiters by their published rules
([simulate.md](simulate.md)); those whose names begin with \`aimd-\` know the objective, the others take none. The last four before the
held-out rows learn nothing: a bench that they pass would be worth nothing. *p95 in time* is the share of the runs whose
p95 is within the objective wherever the best limit's is.

### By model

From starting limits 1, 2 and 5 (a cold start begins with 4 at most, whatever is configured) and all seeds; the models that are learned worst come first.

${head(['Model', 'Best limit', 'Told, mean', 'Told, worst', 'Not told, mean'])}
${plants.join('\n')}
${engines === null ? '' : `\n${enginesResults(engines)}`}${surge === null ? '' : `\n${surgeResults(surge)}`}${path === null ? '' : `\n${pathResults(path, rounds)}`}`
}

function cells(name: string, s: Summary): string {
  return line([
    name,
    String(s.n),
    share(s.worst),
    share(s.p05),
    share(s.mean),
    `± ${share(s.error)}`,
    `${Math.round(100 * s.within120)} %`,
    s.rejections.toFixed(2),
    s.rejectionsP95.toFixed(2),
    `${Math.round(100 * s.intime)} %`,
  ])
}

function share(value: number): string {
  return value.toFixed(3)
}
