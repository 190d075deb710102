import type { LimitState, Sample } from '../core/model/sample.ts'

/** CPU of a model that nobody asks, us a second: a twentieth of a core. One that takes more does something. */
const QUIET_US = 50_000
/** And use of its GPU, permille. */
const QUIET_GPU = 50

/**
 * Whether the seconds after a sample in which nobody is there can be like it: the limit stays as it is (`next`), and
 * the model does nothing for others, past the sidecar, or by itself.
 */
export function isQuiet(
  { limit, cpu, gpu, engine, tokens, direct }: Sample,
  next: LimitState,
): boolean {
  return (
    isSteady(limit, next) &&
    (cpu === null || cpu.us <= QUIET_US) &&
    (gpu === null || gpu.util <= QUIET_GPU) &&
    !engine?.running &&
    !engine?.waiting &&
    !tokens?.in &&
    !tokens?.out &&
    !direct
  )
}

/** The arms of a probe take turns, and the guard lets go by itself. */
function isSteady(now: LimitState, next: LimitState): boolean {
  return (
    next.arm === 'none' &&
    !next.guard &&
    now.arm === 'none' &&
    !now.guard &&
    now.learned === next.learned &&
    now.effective === next.effective &&
    now.order?.epoch === next.order?.epoch &&
    now.order?.n === next.order?.n
  )
}

/** The sample that spoke for the seconds after it, how many of those are over, and whether the rest is. */
export interface Spoken {
  sample: Sample
  over: number
  woken: boolean
}

/**
 * The model's CPU of a second, of what was read since the last sample. After a rest in which it stayed quiet that is
 * the mean of those seconds, which stands for the next ones, too; else what was not told before.
 */
export function cpuOf(cpu: Sample['cpu'], spoke: Spoken | null, resting: boolean): Sample['cpu'] {
  if (cpu === null || spoke === null) return cpu
  const { over, sample } = spoke
  const mean = Math.round(cpu.us / (over + 1))
  if (resting && mean <= QUIET_US) return { ...cpu, us: mean }
  return { ...cpu, us: Math.max(0, cpu.us - over * (sample.cpu?.us ?? 0)) }
}
