/** Events a second over the last seconds, by whole seconds of the time passed in. */
const SECONDS = 10

export class Rate {
  private readonly counts = new Array<number>(SECONDS).fill(0)
  private newest: number | null = null
  private oldest = 0

  add(nowUs: number): void {
    const slot = this.roll(nowUs) % SECONDS
    this.counts[slot] = (this.counts[slot] ?? 0) + 1
  }

  /** 0 when nothing was seen in the last seconds. */
  perSecond(nowUs: number): number {
    if (this.newest === null) return 0
    const second = this.roll(nowUs)
    const total = this.counts.reduce((sum, count) => sum + count, 0)
    return total / Math.min(SECONDS, second - this.oldest + 1)
  }

  private roll(nowUs: number): number {
    const second = Math.floor(nowUs / 1e6)
    if (this.newest === null) this.oldest = second
    const from = this.newest ?? second
    if (second - from >= SECONDS) {
      this.counts.fill(0)
    } else {
      for (let s = from + 1; s <= second; s++) this.counts[s % SECONDS] = 0
    }
    this.newest = Math.max(from, second)
    return this.newest
  }
}
