import type { Random } from '../../random.ts'
import { wholeLog10 } from './figures.ts'
import type { Answer, Limiter, LimiterOptions } from './limiter.ts'

/**
 * Netflix concurrency-limits 0.5.4 (main of January 2026), limit/VegasLimit.java with its defaults, the
 * library's own choice, judged on every answer without a window. The queue is guessed as
 * ceil(L (1 - least rtt / rtt)); with l = log10 L in whole numbers: up to l -> + 6 l, below 3 l -> + l,
 * above 6 l -> - l. After 15 to 30 times L answers the least rtt is taken anew from one answer.
 * Ours: first and greatest limit from the bench; a server error is a drop.
 */
const PROBE_EVERY = 30

class NetflixVegas implements Limiter {
  limit: number
  private readonly max: number
  private readonly random: Random
  private leastUs = 0
  private sinceProbe = 0
  private jitter: number

  constructor({ first, max, random }: LimiterOptions) {
    this.limit = first
    this.max = max
    this.random = random
    this.jitter = this.draw()
  }

  ended(answer: Answer): void {
    // The source refuses an rtt of 0.
    const rttUs = Math.max(1, answer.rttUs)
    this.sinceProbe++
    if (this.jitter * PROBE_EVERY * this.limit <= this.sinceProbe) {
      this.jitter = this.draw()
      this.sinceProbe = 0
      this.leastUs = rttUs
    } else if (this.leastUs === 0 || rttUs < this.leastUs) {
      this.leastUs = rttUs
    } else {
      this.limit = Math.max(1, Math.min(this.max, this.limit + this.step(answer, rttUs)))
    }
  }

  private step({ inFlight, ok }: Answer, rttUs: number): number {
    const log = wholeLog10(this.limit)
    if (!ok) return -log
    if (inFlight * 2 < this.limit) return 0
    const queue = Math.ceil(this.limit * (1 - this.leastUs / rttUs))
    if (queue <= log) return 6 * log
    if (queue < 3 * log) return log
    return queue > 6 * log ? -log : 0
  }

  private draw(): number {
    return 0.5 + this.random.uniform() / 2
  }
}

export const netflixVegas = (options: LimiterOptions): Limiter => new NetflixVegas(options)
