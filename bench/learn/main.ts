import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { summaryOf, type Score, type Summary } from '../../simulate/learn/score.ts'
import { catalogued, drawn } from './plants.ts'
import { each } from './pool.ts'
import type { Done, Task, Trial } from './worker.ts'

/**
 * How close the learned limit comes to the best fixed one: the catalogue of plants from all starting limits,
 * told the objective and not; rivals beside it, stand-ins that must fail; then plants drawn by seed that
 * nobody looked at. In virtual time, so the figures are the same on every machine.
 */
const { values } = parseArgs({
  options: {
    /** Plants drawn by seed, and the first seed. */
    'held-out': { type: 'string', default: '200' },
    from: { type: 'string', default: '100000' },
    seeds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '480' },
    /** One start, one seed, 20 held-out plants, no file. */
    quick: { type: 'boolean', default: false },
  },
})
const OURS = 'outrigger'
const RIVALS = [
  'aimd-slow-start',
  'aimd-objective',
  'netflix-aimd',
  'netflix-vegas',
  'netflix-gradient2',
  'envoy-p50',
]
const MORE_RIVALS = ['envoy-p90', 'vector-arc', 'failsafe-go', 'brpc']
const STAND_INS = ['frozen', 'always-min', 'always-max', 'always-double']
// A cold start begins with 4 at most, whatever is configured: higher ones would be the same run again.
const STARTS = values.quick ? [5] : [1, 2, 5]
const SEEDS = Array.from({ length: values.quick ? 1 : Number(values.seeds) }, (_, i) => i + 1)
const seconds = Number(values.seconds)

const results: Done[] = []
const plants = [
  ...catalogued,
  ...drawn(Number(values.from), values.quick ? 20 : Number(values['held-out'])),
]
await each(plants.map(taskOf), result => {
  results.push(result)
  if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${plants.length} plants `)
})

const known = results.filter(({ plant }) => catalogued.includes(plant))
const heldOut = results.filter(({ plant }) => !catalogued.includes(plant))
const table: [string, Summary][] = [
  ['outrigger, told the objective', of(known, OURS, true)],
  ['outrigger, not told', of(known, OURS, false)],
  ...(values.quick
    ? []
    : [4, 16].map((replicas): [string, Summary] => [
        `outrigger, told, ${replicas} replicas`,
        of(known, OURS, true, replicas),
      ])),
  ...[...RIVALS, ...MORE_RIVALS, ...STAND_INS].map((name): [string, Summary] => [
    name,
    of(known, name, true),
  ]),
  ['held out: outrigger, told', of(heldOut, OURS, true)],
  ['held out: outrigger, not told', of(heldOut, OURS, false)],
  ['held out: aimd-slow-start', of(heldOut, 'aimd-slow-start', true)],
]
print()
if (!values.quick) write()

function taskOf(plant: string): Task {
  const trial = (
    limiter: string,
    told: boolean,
    first: number,
    seed: number,
    replicas = 1,
  ): Trial => ({
    limiter,
    told,
    first,
    seed,
    replicas,
  })
  const known = catalogued.includes(plant)
  const starts = known ? STARTS : [5]
  const seeds = known ? SEEDS : [1]
  const ours = [true, false].flatMap(told =>
    starts.flatMap(first => seeds.map(seed => trial(OURS, told, first, seed))),
  )
  const rivals = (known ? [...RIVALS, ...MORE_RIVALS, ...STAND_INS] : ['aimd-slow-start']).flatMap(
    name => seeds.map(seed => trial(name, true, 5, seed)),
  )
  const many = known && !values.quick ? [4, 16].map(n => trial(OURS, true, 5, 1, n)) : []
  return { plant, seconds, oracleSeeds: [101, 102], trials: [...ours, ...rivals, ...many] }
}

function of(from: readonly Done[], limiter: string, told: boolean, replicas = 1): Summary {
  const scores = from.flatMap(({ scores: all }): Score[] =>
    all
      .filter(({ trial: t }) => t.limiter === limiter && t.told === told && t.replicas === replicas)
      .map(({ score }) => score),
  )
  return summaryOf(scores)
}

function print(): void {
  const number = (x: number, digits = 3): string => x.toFixed(digits).padStart(7)
  console.log(
    `${'goodput over the best fixed limit'.padEnd(34)}      n  worst    p01    p05   mean     +-  <120s   cv50  429s  429s95 in time`,
  )
  for (const [name, s] of table) {
    const cells = [s.worst, s.p01, s.p05, s.mean, s.error, s.within120, s.medianCv]
    const row = cells.map(x => number(x)).join('')
    console.log(
      `${name.padEnd(34)}${String(s.n).padStart(7)}${row}${number(s.rejections, 2)}${number(s.rejectionsP95, 2)}${number(s.intime, 2)}`,
    )
  }
}

function write(): void {
  const git = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
  const told = of(known, OURS, true)
  const held = of(heldOut, OURS, true)
  const rows = results
    .toSorted((a, b) => (a.plant < b.plant ? -1 : 1))
    .map(({ plant, oracle, scores }) => ({
      plant,
      oracle: oracle.limit,
      told: summaryOf(pick(scores, true)),
      notTold: summaryOf(pick(scores, false)),
    }))
  const folder = join(import.meta.dirname, '../results')
  mkdirSync(folder, { recursive: true })
  const json = {
    commit: git.stdout.trim(),
    arguments: values,
    seconds,
    worst: told.worst,
    mean: told.mean,
    heldOut: { n: held.n, mean: held.mean, p05: held.p05, p01: held.p01, error: held.error },
    table: Object.fromEntries(table),
    rows,
  }
  writeFileSync(join(folder, 'learn.json'), `${JSON.stringify(json, null, 2)}\n`)
}

function pick(scores: Done['scores'], told: boolean): Score[] {
  return scores
    .filter(({ trial: t }) => t.limiter === OURS && t.told === told && t.replicas === 1)
    .map(({ score }) => score)
}
