import type { Answer, Limiter, LimiterOptions } from './limiter.ts'

/**
 * Netflix concurrency-limits 0.5.4 (main of January 2026), limit/AIMDLimit.java, judged on every
 * answer: a drop, or one slower than 5 s, takes a tenth off; else one more if at least half of the
 * limit was in flight. Ours: least limit 1 instead of 20, first and greatest from the bench, and a server
 * error is a drop, as its gRPC client's interceptor has it for UNAVAILABLE.
 */
const TIMEOUT_US = 5_000_000
const BACK_OFF = 0.9

class NetflixAimd implements Limiter {
  limit: number
  private readonly max: number

  constructor({ first, max }: LimiterOptions) {
    this.limit = first
    this.max = max
  }

  ended({ rttUs, inFlight, ok }: Answer): void {
    let next = this.limit
    if (!ok || rttUs > TIMEOUT_US) next = Math.floor(next * BACK_OFF)
    else if (inFlight * 2 >= next) next++
    this.limit = Math.min(this.max, Math.max(1, next))
  }
}

export const netflixAimd = (options: LimiterOptions): Limiter => new NetflixAimd(options)
