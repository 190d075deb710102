/** What failsafe-go 0.9.7 keeps of past windows: internal/util/median.go and windows.go. */

/** The median of the newest `size` values; until there are so many, the newest itself. */
export class MovingMedian {
  private readonly size: number
  private values: number[] = []

  constructor(size: number) {
    this.size = size
  }

  add(value: number): number {
    this.values = [...this.values, value].slice(-this.size)
    if (this.values.length < this.size) return value
    return this.values.toSorted((a, b) => a - b)[Math.floor(this.size / 2)] ?? value
  }
}

export interface Correlated {
  /** From -1 to 1; 0 where unknown. */
  correlation: number
  /** Coefficient of variation of y; 0 where unknown. */
  cv: number
}

const LEAST_CV = 0.01

/** How two series go together over the newest `size` pairs. */
export class Correlation {
  private readonly size: number
  private readonly warmUp: number
  private pairs: { x: number; y: number }[] = []

  constructor(size: number, warmUp: number) {
    this.size = size
    this.warmUp = warmUp
  }

  /** Unknown during the warm-up; without correlation where either varies by less than 1 %. */
  add(x: number, y: number): Correlated {
    this.pairs = [...this.pairs, { x, y }].slice(-this.size)
    const n = this.pairs.length
    if (n < Math.max(2, this.warmUp)) return { correlation: 0, cv: 0 }
    const meanX = this.pairs.reduce((sum, pair) => sum + pair.x, 0) / n
    const meanY = this.pairs.reduce((sum, pair) => sum + pair.y, 0) / n
    let xx = 0
    let yy = 0
    let xy = 0
    for (const pair of this.pairs) {
      xx += ((pair.x - meanX) * (pair.x - meanX)) / n
      yy += ((pair.y - meanY) * (pair.y - meanY)) / n
      xy += ((pair.x - meanX) * (pair.y - meanY)) / n
    }
    const cv = Math.sqrt(yy) / meanY
    if (Math.sqrt(xx) / meanX < LEAST_CV || cv < LEAST_CV) return { correlation: 0, cv }
    return { correlation: xy / (Math.sqrt(xx) * Math.sqrt(yy)), cv }
  }
}
