import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { state } from './places.ts'

/** The cluster's own processes: each leaves its id and start time behind, so that no other's is ever ended. */

const folder = join(state, 'processes')
const logs = join(state, 'logs')

/** Starts a process that outlives us, in a group of its own. */
export function start(name: string, command: string, args: string[]): number {
  for (const each of [folder, logs]) mkdirSync(each, { recursive: true })
  const log = openSync(join(logs, `${name}.log`), 'a')
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, HOME: process.env.HOME ?? '/' },
  })
  child.unref()
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} can't be started`)
  writeFileSync(join(folder, name), JSON.stringify({ pid, startTime: startTimeOf(pid) }))
  return pid
}

/** As a node's supervisor would: started again when it ends by itself. */
export function startKept(name: string, command: string, args: string[]): number {
  return start(name, 'bash', ['-c', 'while true; do "$@"; sleep 1; done', 'keep', command, ...args])
}

/** The process id that `name` has now, or null where it does not run. */
export function running(name: string): number | null {
  try {
    const { pid, startTime } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      pid: number
      startTime: string | null
    }
    return startTime !== null && startTimeOf(pid) === startTime ? pid : null
  } catch {
    return null
  }
}

export function names(): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Asks the process to end, and ends it when it has not within `graceMs`. */
export async function stop(name: string, graceMs = 10_000): Promise<void> {
  const pid = running(name)
  if (pid !== null) {
    process.kill(-pid, 'SIGCONT')
    process.kill(-pid, 'SIGTERM')
    const deadline = performance.now() + graceMs
    while (running(name) !== null && performance.now() < deadline) await sleep(50)
    if (running(name) !== null) process.kill(-pid, 'SIGKILL')
    while (running(name) !== null) await sleep(20)
  }
  rmSync(join(folder, name), { force: true })
}

/** Field 22 of /proc/PID/stat; null for one that is gone or a zombie. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

/** Waits until `good` says so; rejects with the last words of the named process's log. */
export async function until(
  what: string,
  good: () => Promise<boolean> | boolean,
  { seconds = 60, log }: { seconds?: number; log?: string } = {},
): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const yes = await Promise.resolve()
      .then(good)
      .catch(() => false)
    if (yes) return
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${seconds} s${log === undefined ? '' : lastWords(log)}`)
    }
    await sleep(200)
  }
}

function lastWords(name: string): string {
  try {
    const lines = readFileSync(join(logs, `${name}.log`), 'utf8')
      .trimEnd()
      .split('\n')
    return `; ${name} said:\n${lines.slice(-15).join('\n')}`
  } catch {
    return ''
  }
}
