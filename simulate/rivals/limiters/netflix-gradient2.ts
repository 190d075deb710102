import { MovingAverage } from './figures.ts'
import type { Answer, Limiter, LimiterOptions } from './limiter.ts'

/**
 * Netflix concurrency-limits 0.5.4 (main of January 2026), limit/Gradient2Limit.java inside
 * limit/WindowedLimit.java, as its README and examples wire it. A window is closed by the first answer
 * after 1 s; its mean rtt and greatest count in flight are one sample; below 10 answers it is thrown away;
 * answers faster than 100 us are not looked at. g = clamp(1.5 long / rtt, .5, 1), L <- .8 L + .2 (g L + 4),
 * unless less than half of L was in flight. Long is an average over 600 samples, the first 10 plain; above
 * twice the rtt it shrinks by 5 % a sample. Drops count as answers.
 * Ours: least limit 1 instead of 20, first and greatest from the bench.
 */
const WINDOW_US = 1_000_000
const LEAST_ANSWERS = 10
const LEAST_RTT_US = 100
const LONG = 600
const WARM_UP = 10
const TOLERANCE = 1.5
const QUEUE = 4
const SMOOTHING = 0.2

class NetflixGradient2 implements Limiter {
  private estimate: number
  private readonly max: number
  private readonly long = new MovingAverage(LONG, WARM_UP)
  private nextUs = 0
  private count = 0
  private sumUs = 0
  private maxInFlight = 0

  constructor({ first, max }: LimiterOptions) {
    this.estimate = first
    this.max = max
  }

  get limit(): number {
    return Math.floor(this.estimate)
  }

  ended({ rttUs, inFlight }: Answer, nowUs: number): void {
    if (rttUs < LEAST_RTT_US) return
    this.count++
    this.sumUs += rttUs
    this.maxInFlight = Math.max(this.maxInFlight, inFlight)
    if (nowUs <= this.nextUs) return
    this.nextUs = nowUs + WINDOW_US
    if (this.count >= LEAST_ANSWERS) this.sample(this.sumUs / this.count, this.maxInFlight)
    this.count = 0
    this.sumUs = 0
    this.maxInFlight = 0
  }

  private sample(shortUs: number, inFlight: number): void {
    const longUs = this.long.add(shortUs)
    if (longUs / shortUs > 2) this.long.value *= 0.95
    const old = this.estimate
    if (inFlight < old / 2) return
    const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * longUs) / shortUs))
    const next = old * (1 - SMOOTHING) + (old * gradient + QUEUE) * SMOOTHING
    this.estimate = Math.max(1, Math.min(this.max, next))
  }
}

export const netflixGradient2 = (options: LimiterOptions): Limiter => new NetflixGradient2(options)
