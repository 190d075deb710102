import type { Limiter, LimiterOptions, MakeLimiter } from './limiter.ts'

/** Limiters that learn nothing: a bench in which one of them does well is no good. */

const constant = (limit: number): Limiter => ({ limit, ended: () => {} })

/** A limit that somebody has set, whatever the options say. */
export const fixed =
  (limit: number): MakeLimiter =>
  () =>
    constant(limit)

export const frozen = ({ first }: LimiterOptions): Limiter => constant(first)

export const alwaysMin = (): Limiter => constant(1)

export const alwaysMax = ({ max }: LimiterOptions): Limiter => constant(max)

const DOUBLE_US = 30_000_000

/** Twice the limit each 30 s, counted from its first tick. */
class AlwaysDouble implements Limiter {
  limit: number
  private readonly max: number
  private nextUs: number | null = null

  constructor({ first, max }: LimiterOptions) {
    this.limit = first
    this.max = max
  }

  ended(): void {}

  tick(nowUs: number): void {
    this.nextUs ??= nowUs + DOUBLE_US
    for (; this.nextUs <= nowUs; this.nextUs += DOUBLE_US)
      this.limit = Math.min(this.max, this.limit * 2)
  }
}

export const alwaysDouble = (options: LimiterOptions): Limiter => new AlwaysDouble(options)
