import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, state, stopAll } from '../cluster/machine.ts'
import { coresOf, pinSelf } from './lab.ts'
import { around } from './ours.ts'
import { chosen, payloadNames, proxyNames } from './payloads.ts'
import { resultOf } from './result.ts'
import { measurePayload } from './rounds.ts'
import { Rows } from './rows.ts'
import { report } from './table.ts'
import { startUpstreams } from './upstream.ts'

/**
 * What a request costs on its way through ours, beside nginx, HAProxy and relays of Node: CPU, latency and memory, in
 * one run, in rounds that take turns. Linux with two cores; Debian's nginx, haproxy, wrk and nghttp2.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Of each measurement. */
    seconds: { type: 'string', default: '4' },
    /** Proxies and payloads, separated by commas; all when left out. Ratios need nginx. */
    only: { type: 'string', default: '' },
    payload: { type: 'string', default: '' },
    /** One round of a second each, and no file. */
    quick: { type: 'boolean', default: false },
    /** Processors by number; the first two of those that the bench may use when left out. */
    'proxy-core': { type: 'string' },
    'load-core': { type: 'string' },
    /** Leaves configurations and logs. */
    keep: { type: 'boolean', default: false },
  },
})
const rounds = values.quick ? 1 : Number(values.rounds)
const seconds = values.quick ? 1 : Number(values.seconds)
const names = chosen('--only', values.only, proxyNames)
const asked = chosen('--payload', values.payload, payloadNames)
const cores = coresOf({ proxy: values['proxy-core'], load: values['load-core'] })

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopAll(true).finally(() => process.exit(1)))
try {
  await run()
} finally {
  if (values.keep) console.log(`configurations and logs are in ${state}`)
  await stopAll(!values.keep)
}
process.exit(0)

async function run(): Promise<void> {
  // Before anything is measured: who works in this tree meanwhile moves on.
  const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' })
  pinSelf(cores)
  console.log(
    `${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown make'}, Node ${process.version}; ` +
      `proxies on core ${cores.proxy}, upstream and load on core ${cores.load}; ` +
      `rounds: ${rounds}, seconds of each measurement: ${seconds}`,
  )
  const surroundings = await around()
  const upstreams = await startUpstreams(cores)
  const rows: Rows['all'][number][] = []
  for (const payload of asked) {
    const plan = { payload, names, rounds, seconds, cores, upstreams, around: surroundings }
    const { rows: made, notes } = await measurePayload(plan)
    rows.push(...made)
    console.log(`\n${[report(new Rows(rows), payload), ...notes].join('\n')}`)
  }
  console.log(`\nspans exported meanwhile: ${Math.round(surroundings.exported() / 1000)} kB`)
  const all = names.length === proxyNames.length && asked.length === payloadNames.length
  if (all && !values.quick) write(new Rows(rows), commit.stdout.trim())
}

/** Only a whole run is a result. */
function write(rows: Rows, commit: string): void {
  const folder = join(root, 'bench/results')
  mkdirSync(folder, { recursive: true })
  const result = resultOf(rows, commit, rounds)
  writeFileSync(join(folder, 'path.json'), `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(join(folder, 'path-rounds.json'), `${JSON.stringify(rows.all)}\n`)
}
