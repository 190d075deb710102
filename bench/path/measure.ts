import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { state } from '../cluster/machine.ts'
import { cpuUs, memoryOf, output, ranUs, treesOf, type Cores } from './lab.ts'
import type { LoadTask } from './load/main.ts'
import type { Figures } from './load/open.ts'
import {
  GRPC_STREAMS,
  IDLE_CONNECTIONS,
  payloads,
  type Payload,
  type PayloadName,
} from './payloads.ts'
import { parsePerf } from './proc.ts'
import type { Proxy } from './proxies.ts'
import type { Row } from './rows.ts'
import { parseH2load, parseWrk, type Throughput } from './tools.ts'
import { upstreamNames } from './upstream.ts'

const LOAD = join(import.meta.dirname, 'load/main.ts')

/** One of our own loads, to its end; `core` is then the share of it and of the upstreams beside it. */
export async function load({ load: core }: Cores, task: LoadTask): Promise<Figures> {
  const before = cpuUs(upstreamNames)
  const printed = await output(core, [process.execPath, LOAD, JSON.stringify(task)])
  const figures = JSON.parse(printed) as Figures
  const beside = (cpuUs(upstreamNames) - before) / (task.seconds * 1e6)
  return { ...figures, core: figures.core + beside }
}

/** Our own load's task for a payload. */
export function taskOf(
  name: PayloadName,
  port: number,
  { perSecond, seconds, connections }: Pick<LoadTask, 'perSecond' | 'seconds' | 'connections'>,
): LoadTask {
  const kind = name === 'sse' || name === 'websocket' || name === 'grpc' ? name : 'http'
  return { kind, port, path: payloads[name].path, connections, perSecond, seconds }
}

/** As fast as it goes: wrk, or h2load for gRPC, each with one thread. */
export async function saturate(
  { load: core }: Cores,
  port: number,
  { path, connections, upstream }: Payload,
  seconds: number,
): Promise<Throughput> {
  const url = `http://127.0.0.1:${port}${path}`
  if (upstream !== 'grpc') {
    const wrk = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, url]
    return parseWrk(await output(core, wrk))
  }
  const message = join(state, 'grpc/bench.Echo/Unary.grpc')
  const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers']
  const counts = [`-c${connections}`, `-m${GRPC_STREAMS}`, '-t1', `-D${seconds}`]
  return parseH2load(await output(core, ['h2load', ...counts, '-d', message, ...headers, url]))
}

export type Cost = Pick<
  Row,
  'cpuUs' | 'instructions' | 'perSecond' | 'core' | 'errors' | 'rss' | 'pss' | 'dirty'
>

/** What the proxy's processes use while `run` runs for so many seconds, and how much memory after. */
export async function costOf(
  { processes }: Proxy,
  seconds: number,
  run: () => Promise<Throughput>,
): Promise<Cost> {
  const before = cpuUs(processes)
  const counting = instructions(processes, seconds)
  const { count, perSecond, errors } = await run()
  const used = cpuUs(processes) - before
  const counted = await counting
  return {
    cpuUs: used / count,
    instructions: counted === null ? null : counted / count,
    perSecond,
    core: used / (seconds * 1e6),
    errors,
    ...memoryOf(processes),
  }
}

let perf: boolean | null = null

/** Of the trees, while the load runs; null where the machine or its permissions do not let them be counted. */
async function instructions(processes: readonly string[], seconds: number): Promise<number | null> {
  perf ??= (await perfStat(['true'])) !== null
  if (!perf) return null
  const pids = treesOf(processes).map(({ pid }) => pid)
  return perfStat(['-p', pids.join(','), '--', 'sleep', String(seconds)])
}

async function perfStat(rest: readonly string[]): Promise<number | null> {
  const child = spawn('perf', ['stat', '-x', ',', '-e', 'instructions', ...rest], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', part => (said += String(part)))
  await new Promise(resolve => child.once('close', resolve).once('error', resolve))
  return parsePerf(said, 'instructions')
}

/** What it costs to hold idle connections: CPU with no request at all, then of requests beside them. */
export async function besideIdle(
  cores: Cores,
  proxy: Proxy,
  seconds: number,
): Promise<Cost & Pick<Required<Row>, 'idle'>> {
  const { path } = payloads.idle
  const task: LoadTask = {
    kind: 'idle',
    port: proxy.port,
    path,
    connections: IDLE_CONNECTIONS,
    perSecond: 0,
    seconds,
  }
  const held = await hold(cores, task)
  const [before, start] = [ranUs(proxy.processes), performance.now()]
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  const cpuMsAMinute = ((ranUs(proxy.processes) - before) * 60) / (performance.now() - start)
  const cost = await costOf(proxy, seconds, () =>
    saturate(cores, proxy.port, payloads.idle, seconds),
  )
  return { ...cost, idle: { open: await held(), cpuMsAMinute } }
}

/** Gives, once all connections are held, what lets them go and says how many were still open. */
async function hold({ load: core }: Cores, task: LoadTask): Promise<() => Promise<number>> {
  const child = spawn('taskset', ['-c', core, process.execPath, LOAD, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  const closed = new Promise(resolve => child.once('close', resolve))
  const holding = new Promise<void>(resolve =>
    child.stdout.on('data', part => {
      said += String(part)
      if (said.includes('holding')) resolve()
    }),
  )
  const failed = closed.then(() => {
    if (!said.includes('{')) throw new Error(`idle connections: the load ended: ${said}`)
  })
  await Promise.race([holding, failed])
  return async () => {
    child.stdin.end()
    await failed
    const { open } = JSON.parse(said.slice(said.indexOf('{'))) as { open: number }
    return open
  }
}
