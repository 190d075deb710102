/**
 * Sums by second over a window, and their mean. Where the window is not full yet (or has been empty for
 * its whole length) the mean is over the seconds since the first.
 *
 * Source: Knative Serving at 98e5ef9 (August 2026), pkg/autoscaler/aggregation/bucketing.go
 * (TimedFloat64Buckets, granularity 1 s); KEDA's HTTP add-on counts request rates the same way.
 */
export class Buckets {
  private readonly sums: number[]
  private firstS: number | null = null
  private lastS = -Infinity

  constructor(windowS: number) {
    this.sums = new Array<number>(windowS).fill(0)
  }

  /** Seconds never fall. */
  record(second: number, value: number): void {
    const { length } = this.sums
    if (this.firstS === null || second - this.lastS >= length) {
      this.firstS = second
      this.sums.fill(0)
    } else {
      for (let s = this.lastS + 1; s <= second; s++) this.sums[s % length] = 0
    }
    this.lastS = second
    this.sums[second % length] = (this.sums[second % length] ?? 0) + value
  }

  empty(second: number): boolean {
    return second - this.lastS > this.sums.length
  }

  mean(second: number): number {
    const { length } = this.sums
    const late = Math.max(0, second - this.lastS)
    if (this.firstS === null || late >= length) return 0
    const from = this.lastS - (length - 1 - late)
    let sum = 0
    for (let s = from; s <= this.lastS; s++) sum += this.sums[((s % length) + length) % length] ?? 0
    const valid = Math.min(this.lastS - this.firstS + 1, length - late)
    return Math.round((sum / valid) * 1e6) / 1e6
  }
}
