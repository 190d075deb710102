/**
 * GPU use through nvidia-smi, which is there wherever the NVIDIA container runtime put the driver. It
 * takes tens of milliseconds of CPU, so it runs seldom, apart, and not at all for a while after it failed.
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
const STALE_MS = 15_000
const TIME_OUT_MS = 3_000
const LONGEST_OUTPUT = 65_536

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

/** Runs nvidia-smi and gives its output; rejects when it is missing, fails or takes too long. */
type RunGpuTool = (args: readonly string[]) => Promise<string>

const runNvidiaSmi: RunGpuTool = args =>
  new Promise((resolve, reject) => {
    const options = {
      timeout: TIME_OUT_MS,
      maxBuffer: LONGEST_OUTPUT,
      killSignal: 'SIGKILL',
    } as const
    execFile('nvidia-smi', args, options, (error, output) => {
      if (error === null) resolve(output)
      else reject(error)
    })
  })

export interface GpuReader {
  /** To be called about once a second; starts a run when one is due. Never rejects. */
  tick(nowMs: number): Promise<void>
  /** The newest reading; null when there is none, or it is too old. */
  last(nowMs: number): GpuReading | null
}

export interface GpuOptions {
  /** The devices to look at, as nvidia-smi's --id takes them; null: all that can be seen. */
  devices: string | null
  run?: RunGpuTool
  /** Told once why there is no GPU reading. */
  say: (sentence: string) => void
}

/** `nowMs` is monotonic time. */
export function gpuReader({ devices, run = runNvidiaSmi, say }: GpuOptions): GpuReader {
  const args = devices === null ? ARGUMENTS : [...ARGUMENTS, `--id=${devices}`]
  let reading: GpuReading | null = null
  let readAt = 0
  let due = -Infinity
  let running = false
  let said = false
  const fail = (nowMs: number, why: string): void => {
    due = nowMs + AFTER_FAILURE_MS
    reading = null
    if (!said) say(`No GPU is measured: ${why}.`)
    said = true
  }
  return {
    async tick(nowMs) {
      if (running || nowMs < due) return
      running = true
      due = nowMs + EVERY_MS
      try {
        reading = parseGpu(await run(args))
        readAt = nowMs
        if (reading === null) fail(nowMs, 'nvidia-smi tells no utilisation')
      } catch (error) {
        fail(nowMs, whyOf(error))
      } finally {
        running = false
      }
    },
    last: nowMs => (reading !== null && nowMs - readAt <= STALE_MS ? reading : null),
  }
}

function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return 'nvidia-smi is not there'
  return `nvidia-smi failed (${typeof code === 'number' || typeof code === 'string' ? code : 'timed out'})`
}
