/** Small figures that several of the rival limiters take. */

/** The value that a share of the values do not exceed: by nearest rank. Not for an empty list. */
export function nearestRank(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return at(sorted, Math.ceil(share * sorted.length) - 1)
}

/** The same by interpolation, each value in the middle of its rank: a t-digest whose centroids are single values. */
export function middleRank(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = share * sorted.length - 0.5
  const below = Math.floor(rank)
  return at(sorted, below) + (at(sorted, below + 1) - at(sorted, below)) * (rank - below)
}

function at(sorted: readonly number[], rank: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank))] ?? 0
}

/**
 * The whole part of log10, at least 1: 1 below 100, 2 below 1,000. Netflix concurrency-limits
 * Log10RootIntFunction and failsafe-go internal/util Log10Func have it so.
 */
export function wholeLog10(value: number): number {
  let log = 0
  for (let power = 10; power <= value; power *= 10) log++
  return Math.max(1, log)
}

/**
 * The plain mean of the first `warmUp` values, from then on exponentially weighted with 2 / (age + 1):
 * Netflix concurrency-limits ExpAvgMeasurement, failsafe-go internal/util MovingAverage.
 */
export class MovingAverage {
  value = 0
  private readonly weight: number
  private readonly warmUp: number
  private count = 0
  private sum = 0

  constructor(age: number, warmUp: number) {
    this.weight = 2 / (age + 1)
    this.warmUp = warmUp
  }

  add(value: number): number {
    if (this.count < this.warmUp) {
      this.count++
      this.sum += value
      this.value = this.sum / this.count
    } else {
      this.value = this.value * (1 - this.weight) + value * this.weight
    }
    return this.value
  }
}
