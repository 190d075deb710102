import type { Answer, Limiter, LimiterOptions } from './limiter.ts'

/**
 * Vector 0.58 (August 2026), src/sinks/util/adaptive_concurrency/controller.rs with the defaults of its
 * mod.rs; mean and variance as in lib/vector-common/src/stats/mod.rs. A window is one average rtt long and
 * closed by an answer. One more if the limit was reached, no answer was back pressure and the window's mean
 * is at most the past one; x .9, rounded down, if one was back pressure or the mean is at least the past
 * one + 2.5 deviations. Both past figures are exponentially weighted with .4. A server error is back
 * pressure and its rtt does not count (RetryStrategy::Default of src/sinks/util/http.rs).
 * Ours: first limit (there 1) and greatest (there 200) from the bench; whether the limit was reached is
 * seen when a request ends, there when it starts.
 */
const ALPHA = 0.4
const DEVIATIONS = 2.5
const DECREASE = 0.9

interface Past {
  mean: number
  variance: number
}

class VectorArc implements Limiter {
  limit: number
  private readonly max: number
  private past: Past | null = null
  private nextUs = 0
  private count = 0
  private sumUs = 0
  private backPressure = false
  private reached = false

  constructor({ first, max }: LimiterOptions) {
    this.limit = first
    this.max = max
  }

  ended({ rttUs, inFlight, ok, reached }: Answer, nowUs: number): void {
    if (reached || inFlight >= this.limit) this.reached = true
    if (ok) {
      this.count++
      this.sumUs += rttUs
    } else {
      this.backPressure = true
    }
    const meanUs = this.count === 0 ? null : this.sumUs / this.count
    if (this.past === null) {
      // The first window begins here and keeps the answer that gave its length.
      if (meanUs === null) return
      this.past = { mean: meanUs, variance: 0 }
      this.nextUs = nowUs + meanUs
    } else if (nowUs >= this.nextUs) {
      this.close(this.past, meanUs, nowUs)
    }
  }

  private close(past: Past, meanUs: number | null, nowUs: number): void {
    this.limit = this.next(past, meanUs)
    this.past = meanUs === null ? past : updated(past, meanUs)
    this.nextUs = nowUs + this.past.mean
    this.count = 0
    this.sumUs = 0
    this.backPressure = false
    this.reached = false
  }

  private next(past: Past, meanUs: number | null): number {
    const calm = this.reached && !this.backPressure && meanUs !== null && meanUs <= past.mean
    if (calm && this.limit < this.max) return this.limit + 1
    const slow = (meanUs ?? 0) >= past.mean + DEVIATIONS * Math.sqrt(past.variance)
    return this.backPressure || slow ? Math.max(1, Math.floor(this.limit * DECREASE)) : this.limit
  }
}

function updated({ mean, variance }: Past, value: number): Past {
  const difference = value - mean
  const step = ALPHA * difference
  return { mean: mean + step, variance: (1 - ALPHA) * (variance + difference * step) }
}

export const vectorArc = (options: LimiterOptions): Limiter => new VectorArc(options)
