import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import type { Platform } from '../../core/model/tables.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import type { LogRecord } from '../../core/model/decision.ts'
import { call } from '../../core/runtime/call.ts'
import type { Summary } from '../../cli/summary.ts'
import { until } from './client.ts'

/** The compiled `outrigger up` as a process of its own, asked over its real addresses. */
export interface Run {
  state: string
  pid: number
  url(name: string): string
  places: Places
  windows(name: string): Promise<EndpointWindows>
  decisions(): LogRecord<'decision'>[]
  platform(): Promise<Platform>
  outrigger(...args: string[]): Promise<{ code: number; out: string; err: string }>
  /** SIGTERM, and the summary of its last line. */
  stop(): Promise<{ code: number; summary: Summary; err: string }>
}

interface Places {
  pid: number
  controller: string
  aggregator: string
  edge: string
  platform: string
  endpoints: Record<string, string>
}

export const MAIN = join(import.meta.dirname, '../../dist/cli/main.js')

export async function startRun(file: string, args: string[] = []): Promise<Run> {
  const state = mkdtempSync(join(tmpdir(), 'outrigger-e2e-'))
  const child = spawn(
    process.execPath,
    [MAIN, 'up', '-f', file, '--state', state, '--json', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const said = { out: '', err: '' }
  child.stdout.on('data', (part: Buffer) => (said.out += part.toString()))
  child.stderr.on('data', (part: Buffer) => (said.err += part.toString()))
  const ended = once(child, 'exit').then(([code]) => Number(code))
  const file_ = join(state, 'platform.json')
  await until('up is ready', 60_000, () => {
    if (child.exitCode !== null) throw new Error(`up ended with ${child.exitCode}: ${said.err}`)
    return existsSync(file_)
  })
  const places = JSON.parse(readFileSync(file_, 'utf8')) as Places
  return {
    state,
    pid: child.pid ?? 0,
    places,
    url: name => places.endpoints[`local/${name}`] ?? '',
    windows: async name =>
      (await call('GET', `${places.aggregator}/v1/windows/local/${name}`)).json as EndpointWindows,
    platform: async () => (await call('GET', `${places.platform}/v1/platform`)).json as Platform,
    decisions: () =>
      recordsOf(state).filter(
        (record): record is LogRecord<'decision'> => record.kind === 'decision',
      ),
    outrigger: (...rest) => outrigger([...rest]),
    async stop() {
      child.kill('SIGTERM')
      const code = await ended
      const last = said.out.trim().split('\n').at(-1) ?? ''
      return { code, summary: JSON.parse(last) as Summary, err: said.err }
    },
  }
}

/** Whole lines of the log's files, in order. */
function recordsOf(state: string): LogRecord[] {
  const folder = join(state, 'controller', 'log')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => name.endsWith('.jsonl'))
    .toSorted()
    .flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
    .map(line => JSON.parse(line) as LogRecord)
}

export async function outrigger(
  args: string[],
  cwd = process.cwd(),
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd })
  let out = ''
  let err = ''
  child.stdout.on('data', (part: Buffer) => (out += part.toString()))
  child.stderr.on('data', (part: Buffer) => (err += part.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? -1, out, err }
}

/** The pid of one of our processes under `up`, by the words of its command line. */
export function pidOf(parent: number, word: string, name?: string): number {
  for (const entry of readdirSync('/proc').filter(text => /^\d+$/.test(text))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      if (ppid !== parent) continue
      const words = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')
      const environment = name === undefined ? '' : readFileSync(`/proc/${entry}/environ`, 'utf8')
      if (
        words.includes(word) &&
        (name === undefined || environment.includes(`OUTRIGGER_REPLICA=${name}\0`))
      )
        return Number(entry)
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error(`no process '${word}' under ${parent}`)
}
