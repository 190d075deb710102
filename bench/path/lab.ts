import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { until } from '../../test/cluster/machine/processes.ts'
import { file, pidOf, start, state } from '../cluster/machine.ts'
import { fill } from './fill.ts'
import {
  parseCpuList,
  parseMemory,
  parseSchedstat,
  parseStat,
  TICKS_A_SECOND,
  treeOf,
  type Memory,
  type Stat,
} from './proc.ts'

/** Two cores, one for the proxy that is measured, the other for its upstream and the load. Linux, util-linux. */
export interface Cores {
  proxy: string
  load: string
}

/** The first two that we may use, or those that were asked for. */
export function coresOf(asked: { proxy?: string | undefined; load?: string | undefined }): Cores {
  const status = readFileSync('/proc/self/status', 'utf8')
  const allowed = parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '')
  const [first, second] = allowed
  if (first === undefined || second === undefined)
    throw new Error(`expected two cores, got ${allowed.join(', ')}`)
  return { proxy: asked.proxy ?? String(first), load: asked.load ?? String(second) }
}

/** The bench itself, which only waits, goes to the load's core. */
export function pinSelf({ load }: Cores): void {
  const done = spawnSync('taskset', ['-acp', load, String(process.pid)], { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`taskset: ${done.stderr}`)
}

/** Starts a named process on a core; it ends with the bench. taskset becomes the command: its id is the process's. */
export function startOn(
  core: string,
  name: string,
  command: readonly string[],
  environment: Record<string, string> = {},
): void {
  start(name, 'taskset', ['-c', core, ...command], environment)
}

export async function listens(name: string, port: number): Promise<void> {
  await until(`${name} listens`, () => accepts(port), { seconds: 20 })
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Runs a command to its end on a core; gives what it printed. */
export async function output(core: string, command: readonly string[]): Promise<string> {
  const child = spawn('taskset', ['-c', core, ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, said] = ['', '']
  child.stdout.on('data', part => (out += String(part)))
  child.stderr.on('data', part => (said += String(part)))
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}: ${said}${out}`)
  return out
}

/** Fills {{name}} of a file in config/ in, writes it beside the sockets and logs, and gives its path. */
export function configured(
  template: string,
  name: string,
  values: Record<string, string | number>,
): string {
  const text = readFileSync(join(import.meta.dirname, 'config', template), 'utf8')
  return file(name, fill(text, { folder: state, ...values }))
}

/** The trees of the named processes. */
export function treesOf(names: readonly string[]): Stat[] {
  const all = stats()
  return names.flatMap(name => treeOf(pidOf(name), all))
}

function stats(): Stat[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        return [parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))]
      } catch {
        // It ended meanwhile.
        return []
      }
    })
}

/** utime + stime of the trees, us. */
export function cpuUs(names: readonly string[]): number {
  const ticks = treesOf(names).reduce((sum, stat) => sum + stat.ticks, 0)
  return (ticks * 1e6) / TICKS_A_SECOND
}

/** The same by the scheduler's own count, us: ticks are too coarse for processes that idle. */
export function ranUs(names: readonly string[]): number {
  return treesOf(names)
    .flatMap(({ pid }) =>
      readdirSync(`/proc/${pid}/task`).map(task =>
        parseSchedstat(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8')),
      ),
    )
    .reduce((sum, ns) => sum + ns / 1000, 0)
}

/** Of the trees together. */
export function memoryOf(names: readonly string[]): Memory {
  return treesOf(names)
    .map(({ pid }) => parseMemory(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')))
    .reduce(
      (sum, { rss, pss, dirty }) => ({
        rss: sum.rss + rss,
        pss: sum.pss + pss,
        dirty: sum.dirty + dirty,
      }),
      { rss: 0, pss: 0, dirty: 0 },
    )
}
