import { exp, log } from '../core/model/math.ts'

/** Chance by seed (mulberry32): the same seed gives the same numbers on every machine. */
export class Random {
  private state: number
  private spare: number | null = null

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** In [0, 1). */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  /** An integer from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.uniform() * below)
  }

  exponential(mean: number): number {
    return -log(1 - this.uniform()) * mean
  }

  /** Mean 0, deviation 1 (Marsaglia's polar method, SIAM Review 6, 1964). */
  normal(): number {
    if (this.spare !== null) {
      const { spare } = this
      this.spare = null
      return spare
    }
    for (;;) {
      const x = 2 * this.uniform() - 1
      const y = 2 * this.uniform() - 1
      const square = x * x + y * y
      if (square >= 1 || square === 0) continue
      const scale = Math.sqrt((-2 * log(square)) / square)
      this.spare = y * scale
      return x * scale
    }
  }

  /** With this mean and coefficient of variation. */
  lognormal(mean: number, cv: number): number {
    const variance = log(1 + cv * cv)
    return mean * exp(this.normal() * Math.sqrt(variance) - variance / 2)
  }

  /** Another source of chance, for a part that must not be disturbed by what others draw. */
  fork(): Random {
    return new Random(Math.floor(this.uniform() * 4294967296))
  }
}
