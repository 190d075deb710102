import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { environment, folder } from './support.ts'

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

/** A real sidecar in a process of its own, gone with the test. */
export interface Running {
  child: ChildProcess
  traffic: string
  admin: string
  metrics: string
  /** Exit code, once it is gone. */
  gone: Promise<number | null>
  /** What it said on stderr so far. */
  said(): string
  /** File descriptors that it has open. */
  fds(): number
}

export interface Setup {
  env?: Record<string, string>
  /** What the sidecar's command line begins with, in place of this Node and the source. */
  command?: readonly string[]
}

const fromSource = [process.execPath, MAIN]

export function start(
  t: ExecutionContext,
  env: Record<string, string>,
  command: readonly string[] = fromSource,
): ChildProcess {
  const [program = '', ...args] = command
  const child = spawn(program, [...args, 'sidecar'], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

export async function running(
  t: ExecutionContext,
  app: string,
  { env = {}, command = fromSource }: Setup = {},
): Promise<Running> {
  const child = start(t, { ...environment(app, folder(t)), ...env }, command)
  let said = ''
  child.stderr?.on('data', (part: Buffer) => (said += part.toString()))
  const gone = once(child, 'exit').then(([code]) => code as number | null)
  if (child.stdout === null) throw new Error('no stdout')
  const first = once(child.stdout, 'data') as Promise<[Buffer]>
  const [line] = await Promise.race([
    first,
    gone.then(code => {
      throw new Error(`the sidecar ended with ${code}: ${said}`)
    }),
  ])
  const { listening } = JSON.parse(line.toString()) as { listening: Record<string, string> }
  const { traffic = '', admin = '', metrics = '' } = listening
  return {
    child,
    traffic,
    admin,
    metrics,
    gone,
    said: () => said,
    fds: () => readdirSync(`/proc/${child.pid}/fd`).length,
  }
}
