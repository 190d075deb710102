import { merge, Recorder } from './histogram.ts'
import { int, list, object, text, type Infer } from './schema.ts'

/**
 * Durations of many requests: us. `sum` and `squares` are exact; the squares of microseconds outgrow a
 * safe integer within a second, so they travel as a decimal string.
 */
export const distribution = object({
  count: int(),
  sum: int(),
  squares: text(40, /^\d+$/, 'a decimal string'),
  histogram: list(int(), 1200),
})
export type Distribution = Infer<typeof distribution>

export const EMPTY: Distribution = { count: 0, sum: 0, squares: '0', histogram: [] }

export function add(a: Distribution, b: Distribution): Distribution {
  if (a.count === 0) return b
  if (b.count === 0) return a
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    squares: (BigInt(a.squares) + BigInt(b.squares)).toString(),
    histogram: [...merge(a.histogram, b.histogram)],
  }
}

export function mean(d: Distribution): number | null {
  return d.count === 0 ? null : d.sum / d.count
}

/** Variance in us^2 (population), or null below two values. */
export function variance(d: Distribution): number | null {
  if (d.count < 2) return null
  const m = d.sum / d.count
  return Math.max(0, Number(d.squares) / d.count - m * m)
}

/** 2^52: two of these still add up to a safe integer. */
const HALF_SAFE = 0x10_0000_0000_0000

/** For the hot path: a distribution that is filled value by value and taken once a second. */
export class DistributionRecorder {
  private readonly histogram = new Recorder()
  private count = 0
  private sum = 0
  private squares = 0
  private carried = 0n

  add(us: number): void {
    const value = Math.max(0, Math.round(us))
    this.histogram.add(value)
    this.count++
    this.sum += value
    const square = value * value
    // Stay exact: a float holds integers up to 2^53 only.
    if (square >= HALF_SAFE) {
      this.carried += BigInt(value) * BigInt(value)
    } else {
      this.squares += square
      if (this.squares >= HALF_SAFE) {
        this.carried += BigInt(this.squares)
        this.squares = 0
      }
    }
  }

  take(): Distribution {
    if (this.count === 0) return EMPTY
    const out: Distribution = {
      count: this.count,
      sum: this.sum,
      squares: (this.carried + BigInt(this.squares)).toString(),
      histogram: [...this.histogram.take()],
    }
    this.count = 0
    this.sum = 0
    this.squares = 0
    this.carried = 0n
    return out
  }
}
