/**
 * GPU use through nvidia-smi, which is there wherever the NVIDIA container runtime put the driver. It
 * takes 20 ms of CPU (measured, docs/gpu.md), so it runs seldom, apart, and not at all for a while after
 * it failed. What it tells is the use over the last fifth of a second, which jumps under an even load: the
 * use of a second is the mean of the readings that are not too old.
 */
import { execFile } from 'node:child_process'
import type { Sample } from '../../core/model/sample.ts'

export type GpuReading = NonNullable<Sample['gpu']>

const ARGUMENTS = [
  '--query-gpu=utilization.gpu,memory.used,memory.total',
  '--format=csv,noheader,nounits',
]
const MIB = 1_048_576
const EVERY_MS = 5_000
const AFTER_FAILURE_MS = 60_000
/** A tool that is not there does not come soon, and to look for it is to start a process: at rest not at all. */
const MISSING_MS = 600_000
const MISSING = 'nvidia-smi is not there'
const STALE_MS = 15_000
const TIME_OUT_MS = 3_000
const LONGEST_OUTPUT = 65_536
/** Of its complaint, in characters. */
const MOST_WORDS = 200

/**
 * The devices of nvidia-smi's answer as one: mean utilisation, memory summed. A device that does not
 * tell a number ("[N/A]", "[Not Supported]": MIG, vGPU, unified memory) is left out of that number.
 * Null when no device tells its utilisation: no GPU, a driver's complaint, or MIG, where it has none.
 */
export function parseGpu(text: string): GpuReading | null {
  const rows = text.split('\n').map(line => line.split(',').map(number))
  const devices = rows.filter(row => row.length === 3)
  const column = (index: number): number[] =>
    devices.map(row => row[index] ?? null).filter(value => value !== null)
  const utils = column(0)
  if (utils.length === 0) return null
  const add = (values: number[]): number => values.reduce((sum, value) => sum + value, 0)
  const limits = column(2)
  return {
    util: Math.min(1000, Math.round((add(utils) * 10) / utils.length)),
    memoryBytes: Math.round(add(column(1)) * MIB),
    memoryLimit: limits.length === 0 ? null : Math.round(add(limits) * MIB),
  }
}

function number(field: string): number | null {
  const text = field.trim()
  return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : null
}

/** Runs nvidia-smi and gives its output; rejects, with its output as `stdout`, when it is missing, fails or takes too long. */
type RunGpuTool = (args: readonly string[]) => Promise<string>

function runnerOf([file = '', ...before]: readonly string[]): RunGpuTool {
  const options = {
    timeout: TIME_OUT_MS,
    maxBuffer: LONGEST_OUTPUT,
    killSignal: 'SIGKILL',
  } as const
  return args =>
    new Promise((resolve, reject) => {
      execFile(file, [...before, ...args], options, (error, stdout) => {
        if (error === null) resolve(stdout)
        else reject(Object.assign(error, { stdout }))
      })
    })
}

export interface GpuReader {
  /** To be called with each sample; starts a run when one is due. Never rejects. `resting`: nobody uses the model. */
  tick(nowMs: number, resting: boolean): Promise<void>
  /** The newest reading, its use the mean of those not too old; null when there is none, or all are too old. */
  last(nowMs: number): GpuReading | null
}

export interface GpuOptions {
  /** The devices to look at, as nvidia-smi's --id takes them; null: all that can be seen. */
  devices: string | null
  run?: RunGpuTool
  /** Command and first arguments of what is run. */
  tool?: readonly string[]
  /** Told once why there is no GPU reading. */
  say: (sentence: string) => void
}

/** `nowMs` is monotonic time. */
export function gpuReader({
  devices,
  tool = ['nvidia-smi'],
  run = runnerOf(tool),
  say,
}: GpuOptions): GpuReader {
  const args = devices === null ? ARGUMENTS : [...ARGUMENTS, `--id=${devices}`]
  let readings: { at: number; reading: GpuReading }[] = []
  let due = -Infinity
  let running = false
  let said = false
  let missing = false
  const fail = (nowMs: number, why: string): void => {
    missing = why === MISSING
    due = nowMs + (missing ? MISSING_MS : AFTER_FAILURE_MS)
    readings = []
    if (!said) say(`No GPU is measured: ${why}.`)
    said = true
  }
  const fresh = (nowMs: number) => readings.filter(({ at }) => nowMs - at <= STALE_MS)
  return {
    async tick(nowMs, resting) {
      if (running || nowMs < due || (missing && resting)) return
      running = true
      due = nowMs + EVERY_MS
      try {
        const reading = parseGpu(await run(args))
        if (reading === null) fail(nowMs, 'nvidia-smi tells no utilisation')
        else readings = [...fresh(nowMs), { at: nowMs, reading }]
      } catch (error) {
        fail(nowMs, whyOf(error))
      } finally {
        running = false
      }
    },
    last(nowMs) {
      const known = fresh(nowMs).map(({ reading }) => reading)
      const newest = known.at(-1)
      if (newest === undefined) return null
      const sum = known.reduce((total, { util }) => total + util, 0)
      return { ...newest, util: Math.round(sum / known.length) }
    },
  }
}

function whyOf(error: unknown): string {
  const { code = null, stdout = '' } = error as { code?: unknown; stdout?: unknown }
  if (code === 'ENOENT') return MISSING
  const how = typeof code === 'number' || typeof code === 'string' ? String(code) : 'timed out'
  // It complains on standard output; its first sentence says what is wrong, the rest what to try.
  const [words = ''] = String(stdout)
    .trim()
    .slice(0, MOST_WORDS)
    .split(/\.(?:\s|$)|\n/)
  return `nvidia-smi failed (${words === '' ? how : `${how}: ${words}`})`
}
