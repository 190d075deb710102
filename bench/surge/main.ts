import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compare, type Row } from '../../simulate/surge/compare.ts'
import { heavy, surges, type Surge } from '../../simulate/surge/scenarios.ts'
import { summary } from '../../simulate/surge/summary.ts'
import { parseTrace, type Trace } from '../../simulate/traffic/trace.ts'
import { table } from './table.ts'

/**
 * Does Outrigger's scaler hurt less than what people use today, at equal cost? Every scenario under every
 * policy, each policy's target swept; all of it in virtual time, so any machine gives the same figures.
 * About an hour of a core with five seeds; `--quick` is a sample of it with one, in a few minutes.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** Each with the onset at another moment of the 15 s after which autoscalers look. */
    seeds: { type: 'string', default: '' },
    /** Scenarios whose name this regular expression finds. */
    only: { type: 'string', default: '' },
    out: { type: 'string', default: '' },
  },
})
const SAMPLE =
  /^(step-fast-20s|step-retries|ramp-slow-20s|flash-slow-20s|square-fast-20s|diurnal-fast-20s|conv-slow-10|code-slow-5)$/
const traces = new Map<string, Trace>()
const grain = values.quick ? 'quick' : 'full'
const seeds = Array.from(
  { length: Number(values.seeds || (values.quick ? 1 : 5)) },
  (_, i) => i + 1,
)
const chosen = surges.filter(
  ({ name }) =>
    new RegExp(values.only).test(name) && (!values.quick || SAMPLE.test(name) || values.only),
)

const file = values.out || new URL('../results/surge.json', import.meta.url)
mkdirSync(new URL('../results', import.meta.url), { recursive: true })
const rows: Row[] = []
for (const [i, surge] of chosen.entries()) {
  const began = performance.now()
  const trace = traceOf(surge)
  const some = heavy.has(surge.name) ? seeds.slice(0, 2) : seeds
  rows.push(compare(surge, { grain, seeds: some, ...(trace === undefined ? {} : { trace }) }))
  write()
  const took = ((performance.now() - began) / 1000).toFixed(0)
  console.error(`${i + 1} of ${chosen.length}: ${surge.name}, ${took} s`)
}
console.log(table(rows))

/** What there is so far: a run that is cut short has that. */
function write(): void {
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()
  const result = { commit, grain, seeds: seeds.length, ...summary(rows), rows }
  writeFileSync(file, `${JSON.stringify(result, (_, value: unknown) => short(value))}\n`)
}

function traceOf({ traffic }: Surge): Trace | undefined {
  const name = traffic.trace?.file
  if (name === undefined) return undefined
  const known = traces.get(name)
  const path = new URL(`../../examples/traces/${name}`, import.meta.url)
  const trace = known ?? parseTrace(readFileSync(path, 'utf8'))
  traces.set(name, trace)
  return trace
}

/** Six digits are more than enough. */
function short(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value
}
