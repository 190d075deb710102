import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { lines } from '../core/runtime/follow.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import { GATE, type Guardian } from './guardian.ts'

/** One supervised process: in its own process group, known to the guardian before it runs, logging to a file. */
export interface ChildOptions {
  name: string
  command: readonly string[]
  directory: string
  environment: Record<string, string>
  logFile: string
  guardian: Guardian
  /** Each line of its standard output; without it, output goes to the log file too. */
  line?: (text: string) => void
  /** `code` is null when a signal ended it or it never ran. */
  ended: (how: { code: number | null; signal: string | null; error: string | null }) => void
}

export interface Child {
  readonly pid: number | null
  /** To the whole group. */
  signal(name: NodeJS.Signals): void
  readonly running: boolean
}

export function startChild(options: ChildOptions): Child {
  const log = openSync(options.logFile, 'a', 0o640)
  const output = options.line === undefined ? log : 'pipe'
  const child = spawn(GATE[0], [...GATE.slice(1), ...options.command], {
    cwd: options.directory,
    env: options.environment,
    stdio: ['pipe', output, log],
    detached: true,
  })
  closeSync(log)
  const state = { running: true }
  const pid = child.pid ?? null
  if (options.line !== undefined) child.stdout?.on('data', lines(1024 * 1024, options.line))
  const end = (code: number | null, signal: string | null, error: string | null): void => {
    if (!state.running) return
    state.running = false
    if (pid !== null) {
      // What the command itself left behind in its group goes with it.
      signalGroup(pid, 'SIGKILL')
      options.guardian.remove(pid)
    }
    options.ended({ code, signal, error })
  }
  child.on('error', error => end(null, null, error.message))
  child.on('exit', (code, signal) => end(code, signal, null))
  child.stdin?.on('error', () => {})
  if (pid !== null) void options.guardian.add(pid).then(() => openGate(child))
  return {
    pid,
    signal: name => {
      if (pid !== null && state.running) signalGroup(pid, name)
    },
    get running() {
      return state.running
    },
  }
}

/** Standard input stays open behind the gate: our own components end when it ends. */
function openGate(child: ChildProcess): void {
  if (child.stdin?.writable) child.stdin.write('\n')
}

function signalGroup(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name)
  } catch {
    // Gone already.
  }
}

/** Restarts what ended, with a pause that doubles from 200 ms to 10 s and is forgotten after a minute's good life. */
export interface Kept {
  readonly child: Child | null
  readonly restarts: number
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it has ended. */
  stop(graceMs: number): Promise<void>
}

export function keepRunning(
  start: (ended: ChildOptions['ended']) => Child,
  onEnd: (how: Parameters<ChildOptions['ended']>[0], willRestart: boolean) => void = () => {},
): Kept {
  let child: Child | null = null
  let restarts = 0
  let pause = 200
  let began = 0
  let timer: NodeJS.Timeout | null = null
  let stopping: (() => void) | null = null
  const run = (): void => {
    timer = null
    began = performance.now()
    try {
      child = start(ended)
    } catch (error) {
      // No file handles or no space for its log: tried again like one that ended at once.
      ended({ code: null, signal: null, error: wordsOfError(error) })
    }
  }
  const ended: ChildOptions['ended'] = how => {
    onEnd(how, stopping === null)
    if (stopping !== null) return stopping()
    if (performance.now() - began > 60_000) pause = 200
    restarts++
    timer = setTimeout(run, pause)
    pause = Math.min(10_000, pause * 2)
  }
  run()
  return {
    get child() {
      return child
    },
    get restarts() {
      return restarts
    },
    stop: graceMs =>
      new Promise(done => {
        if (timer !== null) clearTimeout(timer)
        if (child === null || !child.running) return done()
        const kill = setTimeout(() => child?.signal('SIGKILL'), graceMs)
        stopping = () => {
          clearTimeout(kill)
          done()
        }
        child.signal('SIGTERM')
      }),
  }
}
