import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  appendFileSync,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cache } from '../../test/cluster/machine/places.ts'

/** A folder of its own, ports that are free, and processes that end with the bench. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
export const state = mkdtempSync(join(tmpdir(), 'outrigger-bench-'))

const machine = join(root, 'test/cluster/machine')
const kwok = join(machine, 'kwok')
const children = new Map<string, ChildProcess>()

export function start(
  name: string,
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): void {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: state, ...environment },
  })
  const log = join(state, `${name}.log`)
  appendFileSync(log, '')
  for (const out of [child.stdout, child.stderr]) out.pipe(createWriteStream(log, { flags: 'a' }))
  child.once('exit', code => {
    if (children.get(name) !== child) return
    children.delete(name)
    console.error(`${name} ended (${code}):\n${logOf(name).slice(-2000)}`)
  })
  children.set(name, child)
}

export async function stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const child = children.get(name)
  if (child === undefined) return
  children.delete(name)
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(late)
}

/** The last that was started ends first. */
export async function stopAll(clear: boolean): Promise<void> {
  for (const name of [...children.keys()].toReversed()) await stop(name)
  if (clear) rmSync(state, { recursive: true, force: true })
}

export function pidOf(name: string): number {
  return children.get(name)?.pid ?? 0
}

export function logOf(name: string): string {
  return readFileSync(join(state, `${name}.log`), 'utf8')
}

export function file(name: string, content: unknown): string {
  const path = join(state, name)
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '0.0.0.0', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

/** What Debian does not have: the cluster's binaries, and kwok, each built once. */
export function build(): void {
  execFileSync(join(machine, 'build.sh'), { stdio: 'inherit' })
  const env = { ...process.env, CGO_ENABLED: '0' }
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', `${cache}/bin/`, 'tool']
  execFileSync('go', args, { cwd: kwok, env, stdio: 'inherit' })
}

/** How kwok plays a node and a pod: its own definitions for speed. */
export function stages(): string[] {
  const list = ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok']
  const folder = execFileSync('go', list, { cwd: kwok, encoding: 'utf8' }).trim()
  const names = [
    'node/fast/node-initialize',
    'node/heartbeat-with-lease/node-heartbeat-with-lease',
    'pod/fast/pod-ready',
    'pod/fast/pod-delete',
  ]
  return names.map(name => join(folder, 'kustomize', 'stage', `${name}.yaml`))
}
