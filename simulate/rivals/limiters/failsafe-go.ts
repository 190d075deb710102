import { middleRank, MovingAverage, wholeLog10 } from './figures.ts'
import { Correlation, MovingMedian } from './failsafe-windows.ts'
import type { Answer, Limiter, LimiterOptions } from './limiter.ts'

/**
 * failsafe-go 0.9.7 (August 2026), adaptivelimiter/adaptivelimiter.go with its defaults. A window is closed
 * by an answer after max(1 s, 2 least rtt), at most 30 s, with 50 answers at least. Its p90, through a
 * median of 5 and an average over 5, is held against an average over 10 windows: queue = ceil(L (1 - base /
 * recent)); with l = log10 L in whole numbers: above 6 l -> - l; while the limit is reached, where over 50
 * windows throughput falls with the requests in flight, or hardly grows or varies while rtt grows with them,
 * -> - l; below 3 l -> + l. Never more than 5 times the greatest count in flight of the window: then down by l, or up to that.
 * Failed executions count like others: only cancelled ones are left out. Its AdaptiveThrottler, a policy of
 * its own which turns arrivals away by chance, is not part of it.
 * Ours: first limit (there 20) and greatest (there 200) from the bench; the quantile is exact, not of a
 * t-digest; "full" is judged from the answer, there from the semaphore.
 */
const WINDOW_US = { least: 1_000_000, most: 30_000_000 }
const LEAST_ANSWERS = 50
const QUANTILE = 0.9
const SMOOTHED = 5
const WARM_UP = 10
const BASE = 10
const CORRELATED = 50
const MAX_FACTOR = 5

class FailsafeGo implements Limiter {
  limit: number
  private readonly max: number
  private readonly median = new MovingMedian(SMOOTHED)
  private readonly recent = new MovingAverage(SMOOTHED, WARM_UP)
  private readonly base = new MovingAverage(BASE, WARM_UP)
  private readonly throughput = new Correlation(CORRELATED, WARM_UP)
  private readonly rtt = new Correlation(CORRELATED, WARM_UP)
  private nextUs = 0
  private rtts: number[] = []
  private maxInFlight = 0

  constructor({ first, max }: LimiterOptions) {
    this.limit = first
    this.max = max
  }

  ended({ rttUs, inFlight, reached }: Answer, nowUs: number): void {
    this.rtts.push(Math.max(1, rttUs))
    this.maxInFlight = Math.max(this.maxInFlight, inFlight)
    if (nowUs <= this.nextUs || this.rtts.length < LEAST_ANSWERS) return
    const leastUs = this.rtts.reduce((least, rtt) => Math.min(least, rtt), Infinity)
    const recentUs = this.recent.add(this.median.add(middleRank(this.rtts, QUANTILE)))
    const wanted = this.limit + this.change(recentUs, reached || inFlight >= this.limit)
    this.limit = Math.max(1, Math.min(this.max, this.withinReach(wanted)))
    this.nextUs = nowUs + Math.min(WINDOW_US.most, Math.max(WINDOW_US.least, leastUs * 2))
    this.rtts = []
    this.maxInFlight = 0
  }

  private change(recentUs: number, full: boolean): number {
    const queue = Math.ceil(this.limit * (1 - this.base.add(recentUs) / recentUs))
    const throughput = this.throughput.add(this.maxInFlight, this.maxInFlight / recentUs)
    const rtt = this.rtt.add(this.maxInFlight, recentUs)
    const step = wholeLog10(this.limit)
    if (queue > 6 * step) return -step
    const flat = throughput.correlation < 0.3 || throughput.cv < 0.2
    if (full && (throughput.correlation < 0 || (flat && rtt.correlation > 0.5))) return -step
    return queue < 3 * step ? step : 0
  }

  /** A limit far above what is in flight says nothing: it comes down by steps, and goes up to it only. */
  private withinReach(wanted: number): number {
    const reach = this.maxInFlight * MAX_FACTOR
    if (wanted <= reach) return wanted
    return this.limit > reach ? this.limit - wholeLog10(this.limit) : reach
  }
}

export const failsafeGo = (options: LimiterOptions): Limiter => new FailsafeGo(options)
