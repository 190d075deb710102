import type { Random } from '../random.ts'

/** How a quantity differs from request to request. `mean` is in the quantity's own unit (us, tokens). */
export interface Spread {
  mean: number
  shape: 'fixed' | 'uniform' | 'exponential' | 'lognormal' | 'bimodal'
  /** Lognormal: deviation over mean. */
  cv: number
  /** Bimodal: this share of the requests takes `factor` times what the others take. */
  share: number
  factor: number
}

export function draw(of: Spread, random: Random): number {
  switch (of.shape) {
    case 'fixed':
      return of.mean
    case 'uniform':
      return of.mean * (0.5 + random.uniform())
    case 'exponential':
      return random.exponential(of.mean)
    case 'lognormal':
      return random.lognormal(of.mean, of.cv)
    case 'bimodal': {
      const short = of.mean / (1 + of.share * (of.factor - 1))
      return random.uniform() < of.share ? short * of.factor : short
    }
  }
}

/** Variance over mean squared. */
export function squaredCv(of: Spread): number {
  switch (of.shape) {
    case 'fixed':
      return 0
    case 'uniform':
      return 1 / 12
    case 'exponential':
      return 1
    case 'lognormal':
      return of.cv * of.cv
    case 'bimodal': {
      const mean = 1 + of.share * (of.factor - 1)
      return (1 + of.share * (of.factor * of.factor - 1)) / (mean * mean) - 1
    }
  }
}
