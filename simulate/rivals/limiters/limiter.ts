import type { Random } from '../../random.ts'

/** Another project's concurrency limiter, as it runs in one replica. Times are us. */
export interface Limiter {
  /** Requests that may be in flight now; an integer from 1. */
  readonly limit: number
  /** One ended after `rttUs`; `inFlight` was the count when it began, itself included, as its source has it. */
  ended(answer: Answer, nowUs: number): void
  /** Time has passed: once a second, for those that measure by windows. `cpuPermille` where it is known. */
  tick?(nowUs: number, cpuPermille: number | null): void
}

export interface Answer {
  rttUs: number
  /** In flight when it was admitted, itself included. */
  inFlight: number
  /** False for a server error. */
  ok: boolean
  /** Requests were waiting or turned away since the last answer: the limit was reached. */
  reached: boolean
}

export interface LimiterOptions {
  first: number
  max: number
  /** The latency objective, us, for those that take one. */
  objectiveUs: number | null
  random: Random
}

export type MakeLimiter = (options: LimiterOptions) => Limiter
