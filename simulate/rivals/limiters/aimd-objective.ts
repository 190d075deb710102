import { nearestRank } from './figures.ts'
import type { Answer, Limiter, LimiterOptions } from './limiter.ts'

/**
 * Additive increase, multiplicative decrease (Chiu and Jain, Computer Networks and ISDN Systems 17, 1989)
 * on a latency objective: what one would build who knows the objective. Each second the p90 of the answers
 * of the last one is held against it: above -> x .9, else + 1 if the limit was reached. Both steps are those of Netflix's
 * AIMDLimit (concurrency-limits 0.5.4), rounded down as there. An error is slower than any objective.
 * Without an objective, or an answer in that second, it holds. With slow start (RFC 5681, 3.1) it doubles until
 * the first late second, so that what it loses is not the way up.
 */
const QUANTILE = 0.9
const BACK_OFF = 0.9

class AimdObjective implements Limiter {
  limit: number
  private readonly max: number
  private readonly objectiveUs: number | null
  private rtts: number[] = []
  private reached = false
  private doubling: boolean

  constructor({ first, max, objectiveUs }: LimiterOptions, slowStart: boolean) {
    this.limit = first
    this.doubling = slowStart
    this.max = max
    this.objectiveUs = objectiveUs
  }

  ended({ rttUs, inFlight, ok, reached }: Answer): void {
    this.rtts.push(ok ? rttUs : Infinity)
    if (reached || inFlight >= this.limit) this.reached = true
  }

  tick(): void {
    if (this.objectiveUs !== null && this.rtts.length > 0) {
      const late = nearestRank(this.rtts, QUANTILE) > this.objectiveUs
      const more = this.doubling ? 2 * this.limit : this.limit + 1
      if (late) this.limit = Math.max(1, Math.floor(this.limit * BACK_OFF))
      else if (this.reached) this.limit = Math.min(this.max, more)
      this.doubling &&= !late
    }
    this.rtts = []
    this.reached = false
  }
}

export const aimdObjective = (options: LimiterOptions): Limiter => new AimdObjective(options, false)
export const aimdSlowStart = (options: LimiterOptions): Limiter => new AimdObjective(options, true)
