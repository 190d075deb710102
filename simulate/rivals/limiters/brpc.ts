import type { Random } from '../../random.ts'
import type { Answer, Limiter, LimiterOptions } from './limiter.ts'

/**
 * bRPC 1.17 (August 2026), src/brpc/policy/auto_concurrency_limiter.cpp with the defaults of its flags; its
 * documentation describes an older formula. At most one answer each 100 us is looked at; a window is closed
 * by an answer after 1 s or with 200 answers, and thrown away below 100. L = least latency x peak qps x
 * (1 + e), e up by .02 to .3 while the latency is within 6 % of the least or qps 6 % below its peak, else
 * down by .02 to .06. The peak falls slowly (.01), the least latency follows falls with .1. Time spent on
 * errors is laid on the successes; a window of errors alone halves L. Each 25 to 50 s L is .9 x least x
 * peak for two latencies, whose answers are not looked at, and the least latency is measured anew.
 * Ours: first limit (there 40) and greatest (there none) from the bench. The least limit is there the
 * number of worker threads, 9 unless set; 4 here, the fewest it accepts.
 */
const SAMPLING_US = 100
const WINDOW_US = 1_000_000
const LEAST_ANSWERS = 100
const MOST_ANSWERS = 200
const LEAST_LIMIT = 4
const REMEASURE_MS = 50_000
const ALPHA = 0.1
const EXPLORE = { least: 0.06, most: 0.3, step: 0.02 }
const REDUCE = 0.9

class Brpc implements Limiter {
  limit: number
  private readonly max: number
  private readonly random: Random
  private explore = EXPLORE.most
  private leastUs: number | null = null
  private peak = 0
  private sampledUs: number | null = null
  private startUs = 0
  private remeasureUs = 0
  /** Until when answers are not looked at; null when the least latency is not about to be measured. */
  private drainedUs: number | null = null
  /** All successes of the window, looked at or not. */
  private successes = 0
  private good = { count: 0, sumUs: 0 }
  private bad = { count: 0, sumUs: 0 }

  constructor({ first, max, random }: LimiterOptions) {
    this.limit = first
    this.max = max
    this.random = random
  }

  ended({ rttUs, ok }: Answer, nowUs: number): void {
    if (ok) this.successes++
    if (this.sampledUs === null) {
      this.startUs = nowUs
      this.remeasureUs = this.nextRemeasure(nowUs)
    } else if (nowUs - this.sampledUs < SAMPLING_US) return
    this.sampledUs = nowUs
    if (this.drainedUs !== null) {
      if (nowUs < this.drainedUs) return
      this.drainedUs = null
      this.leastUs = null
      this.remeasureUs = this.nextRemeasure(nowUs)
      this.restart(nowUs)
    }
    const kind = ok ? this.good : this.bad
    kind.count++
    kind.sumUs += rttUs
    this.judge(nowUs)
  }

  private judge(nowUs: number): void {
    const count = this.good.count + this.bad.count
    const over = nowUs - this.startUs >= WINDOW_US
    if (count < LEAST_ANSWERS) {
      if (over) this.restart(nowUs)
      return
    }
    if (!over && count < MOST_ANSWERS) return
    const next = this.good.count > 0 ? this.learn(nowUs) : Math.floor(this.limit / 2)
    this.limit = Math.min(this.max, Math.max(LEAST_LIMIT, next))
    this.restart(nowUs)
  }

  private learn(nowUs: number): number {
    const latencyUs = Math.ceil((this.bad.sumUs + this.good.sumUs) / this.good.count)
    const qps = (1e6 * this.successes) / (nowUs - this.startUs)
    const leastUs = fallTowards(this.leastUs, latencyUs)
    this.leastUs = leastUs
    this.peak = qps >= this.peak ? qps : qps * (ALPHA / 10) + this.peak * (1 - ALPHA / 10)
    const little = (leastUs * this.peak) / 1e6
    if (this.remeasureUs <= nowUs) {
      this.drainedUs = nowUs + latencyUs * 2
      return Math.ceil(little * REDUCE)
    }
    const room =
      latencyUs <= leastUs * (1 + EXPLORE.least) || qps <= this.peak / (1 + EXPLORE.least)
    this.explore = room
      ? Math.min(EXPLORE.most, this.explore + EXPLORE.step)
      : Math.max(EXPLORE.least, this.explore - EXPLORE.step)
    return Math.floor(little * (1 + this.explore))
  }

  private restart(nowUs: number): void {
    this.startUs = nowUs
    this.successes = 0
    this.good = { count: 0, sumUs: 0 }
    this.bad = { count: 0, sumUs: 0 }
  }

  private nextRemeasure(nowUs: number): number {
    return nowUs + (REMEASURE_MS / 2 + this.random.below(REMEASURE_MS / 2)) * 1000
  }
}

function fallTowards(leastUs: number | null, latencyUs: number): number {
  if (leastUs === null || leastUs === 0) return latencyUs
  return latencyUs < leastUs ? Math.floor(latencyUs * ALPHA + leastUs * (1 - ALPHA)) : leastUs
}

export const brpc = (options: LimiterOptions): Limiter => new Brpc(options)
