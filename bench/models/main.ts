import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { startRun } from '../../test/e2e/run.ts'
import { pause, until } from '../../test/e2e/client.ts'
import { crowdOf, load } from './crowds.ts'
import { Subject, type Evidence, type Second } from './subject.ts'

/**
 * The limit learned for real models, against a sweep of fixed limits: `outrigger up`, real processes, real
 * time. On a GPU (gpu.yaml), or engines on this machine's CPUs (engines.yaml). Each endpoint is loaded alone: first until its limit is learned, then with each fixed
 * limit in turn, and at last with the learned and the best one in turns, since the device and its clocks drift.
 */
const { values } = parseArgs({
  options: {
    endpoints: { type: 'string', default: 'gpu.yaml' },
    /** By default all of the file. */
    only: { type: 'string' },
    'learn-seconds': { type: 'string', default: '90' },
    /** By default the crowd's own. */
    limits: { type: 'string' },
    /** Seconds at each limit of the sweep, and at each turn of a duel. */
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    /** Clients at once; by default the crowd's own. */
    width: { type: 'string' },
    /** By default bench/results/ and the name of the file. */
    out: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const file = join(import.meta.dirname, values.endpoints)
const out = values.out ?? join(import.meta.dirname, '../results', `${basename(file, '.yaml')}.json`)

interface Result {
  learned: number
  /** ms after the first request: the limit in force. */
  limits: [number, number][]
  /** While it was learned, each: limit, answers, good ones, in flight, p95 in ms, GPU use in permille, GPU memory in MiB. */
  seconds: (number | null)[][]
  sweep: { limit: number; good: number; ok: number; p95Ms: number }[]
  /** Of each round: good answers a second at the learned and at the best limit. */
  duel: { best: number; rounds: { learned: number; best: number }[] }
  ratio: number
  client: Record<string, unknown>
  idle: Second['gpu']
  seen: Evidence
}

const git = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' })
const commit = git.stdout.trim()
const run = await startRun(file)
const results: Record<string, Result> = {}
const say = (text: string): void => void process.stderr.write(`${text}\n`)
try {
  const all = Object.keys(run.places.endpoints).map(endpoint => endpoint.replace(/^local\//, ''))
  for (const name of values.only?.split(',') ?? all) {
    await until(`${name} is ready`, 180_000, () => new Subject(run, name).ready())
    // Without load, for a reading of the GPU at rest.
    await pause(6000)
    results[name] = await measure(name)
    write()
  }
} finally {
  const { summary } = await run.stop()
  say(JSON.stringify(summary.log))
  const replayed = await run.outrigger('decisions', 'replay', '--state', run.state)
  say(`replay: exit code ${replayed.code} ${replayed.out.trim().split('\n').at(-1) ?? ''}`)
}

async function measure(name: string): Promise<Result> {
  const subject = new Subject(run, name)
  const began = Date.now()
  const idle = await subject.device()
  const crowd = crowdOf(name)
  const clients = load(crowd, run.url(name), Number(values.width ?? crowd.width))
  const limits = values.limits?.split(',').map(Number) ?? crowd.limits
  const learning = await subject.over(Number(values['learn-seconds']))
  const learned = subject.limit()
  const seen = await subject.evidence()
  say(`${name}: learned ${learned}`)
  const sweep: Result['sweep'] = []
  // Up and down again: whatever else is slow at first is not to count against the larger limits alone.
  for (const limit of [...limits, ...limits.toReversed()]) {
    await subject.fix(limit)
    const at = await subject.over(seconds)
    const mean = (of: (second: Second) => number): number =>
      at.reduce((sum, second) => sum + of(second), 0) / at.length
    sweep.push({ limit, good: mean(s => s.good), ok: mean(s => s.ok), p95Ms: mean(s => s.p95Ms) })
    say(`${name} at ${limit}: ${JSON.stringify(sweep.at(-1))}`)
  }
  const good = (limit: number): number =>
    sweep.filter(at => at.limit === limit).reduce((sum, at) => sum + at.good, 0)
  const [best = 1] = limits.toSorted((a, b) => good(b) - good(a))
  const duel = await inTurns(subject, learned, best)
  await subject.clear()
  const client = await clients.stop()
  const total = (of: 'learned' | 'best'): number =>
    duel.rounds.reduce((sum, round) => sum + round[of], 0)
  const ratio = total('learned') / total('best')
  say(`${name}: ${ratio.toFixed(3)} of ${duel.best}; client ${JSON.stringify(client)}`)
  const told = { limits: subject.limitsSince(began), seconds: learning.map(rowOf) }
  return { learned, ...told, sweep, duel, ratio, client, idle, seen }
}

function rowOf({ limit, ok, good, inFlight, p95Ms, gpu }: Second): (number | null)[] {
  const memory = gpu === null ? null : Math.round(gpu.memoryBytes / 1_048_576)
  return [limit, ok, good, inFlight, Math.round(p95Ms), gpu?.util ?? null, memory]
}

/** Who goes first changes each round. */
async function inTurns(subject: Subject, learned: number, best: number): Promise<Result['duel']> {
  const rounds: Result['duel']['rounds'] = []
  const good = async (limit: number): Promise<number> => {
    await subject.fix(limit)
    const at = await subject.over(seconds)
    return at.reduce((sum, second) => sum + second.good, 0) / at.length
  }
  for (let round = 0; round < Number(values.rounds); round++) {
    if (round % 2 === 0) {
      const first = await good(learned)
      rounds.push({ learned: first, best: await good(best) })
    } else {
      const first = await good(best)
      rounds.push({ learned: await good(learned), best: first })
    }
  }
  return { best, rounds }
}

function write(): void {
  mkdirSync(dirname(out), { recursive: true })
  const asked = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']
  const device = spawnSync('nvidia-smi', asked, { encoding: 'utf8' }).stdout?.trim() ?? 'none'
  const said = { ...values, out: undefined }
  const text = JSON.stringify({ commit, device, arguments: said, results }, null, 1)
  // Rows of numbers on a line each.
  writeFileSync(out, `${text.replace(/\[[\d\s,.nul-]+\]/g, row => row.replace(/\s+/g, ' '))}\n`)
}
