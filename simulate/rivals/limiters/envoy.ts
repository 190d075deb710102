import type { Random } from '../../random.ts'
import { nearestRank } from './figures.ts'
import type { Answer, Limiter, LimiterOptions, MakeLimiter } from './limiter.ts'

/**
 * Envoy, extensions/filters/http/adaptive_concurrency/controller/gradient_controller.cc (main of 2026,
 * 149521d), with the defaults of its v3 API; the two durations that have none (update 100 ms, least rtt
 * each 60 s) from the example in its documentation. The least rtt is a quantile of 50 answers to requests
 * begun at limit 3; then each 100 ms with answers g = clamp(1.25 least / quantile, .5, 2),
 * L <- g L + sqrt(g L), from 3 to the greatest. Measured anew after 60 to 69 s, or once the limit was set
 * from 3 to 3 five times running. Server errors are answers.
 * Ours: begins at 3, as it has no first limit of its own; the quantile is exact, not of a log-linear
 * histogram; a timer is seen at the next answer or tick.
 */
const LEAST_LIMIT = 3
const UPDATE_US = 100_000
const REMEASURE_MS = 60_000
const JITTER = 0.15
const MEASURE_ANSWERS = 50
const BUFFER = 0.25
const STUCK = 5

class Envoy implements Limiter {
  limit = LEAST_LIMIT
  private readonly max: number
  private readonly share: number
  private readonly random: Random
  private samples: number[] = []
  private leastUs = 0
  /** The limit to return to; null when no least rtt is being measured. */
  private deferred: number | null = LEAST_LIMIT
  private sinceUs = -Infinity
  private updateUs = Infinity
  private remeasureUs = Infinity
  private stuck = 0

  constructor({ max, random }: LimiterOptions, share: number) {
    this.max = max
    this.random = random
    this.share = share
  }

  ended(answer: Answer, nowUs: number): void {
    this.tick(nowUs)
    if (nowUs - answer.rttUs < this.sinceUs) return
    this.samples.push(Math.max(1, answer.rttUs))
    if (this.deferred !== null && this.samples.length >= MEASURE_ANSWERS)
      this.measured(this.deferred, nowUs)
  }

  tick(nowUs: number): void {
    if (this.updateUs <= Math.min(nowUs, this.remeasureUs)) {
      const dueUs = this.updateUs
      this.update()
      this.updateUs += (Math.floor((nowUs - dueUs) / UPDATE_US) + 1) * UPDATE_US
      if (this.stuck >= STUCK) this.measure(dueUs)
    }
    if (this.remeasureUs <= nowUs) this.measure(this.remeasureUs)
  }

  private update(): void {
    if (this.samples.length === 0) return
    const rttUs = this.take()
    const gradient = Math.max(0.5, Math.min(2, (this.leastUs * (1 + BUFFER)) / rttUs))
    const scaled = this.limit * gradient
    const next = Math.max(LEAST_LIMIT, Math.min(this.max, Math.floor(scaled + Math.sqrt(scaled))))
    this.stuck = this.limit === LEAST_LIMIT && next === LEAST_LIMIT ? this.stuck + 1 : 0
    this.limit = next
  }

  /** Of requests begun before `sinceUs` more may have been in flight: they are not looked at. */
  private measure(sinceUs: number): void {
    this.deferred = this.limit
    this.limit = LEAST_LIMIT
    this.stuck = 0
    this.samples = []
    this.sinceUs = sinceUs
    this.updateUs = Infinity
    this.remeasureUs = Infinity
  }

  private measured(back: number, nowUs: number): void {
    this.leastUs = this.take()
    this.limit = back
    this.deferred = null
    const jitterMs = this.random.below(Math.ceil(REMEASURE_MS * JITTER))
    this.remeasureUs = nowUs + (REMEASURE_MS + jitterMs) * 1000
    this.updateUs = nowUs + UPDATE_US
  }

  private take(): number {
    const rttUs = nearestRank(this.samples, this.share)
    this.samples = []
    return rttUs
  }
}

/** `share`: which quantile of the answers of a window stands for it; .5 by default, .9 in its example. */
export const envoy =
  (share: number): MakeLimiter =>
  options =>
    new Envoy(options, share)
