import type { Random } from '../random.ts'
import { UNSEEN, type Measured } from './model.ts'
import { Sharing, type Shared } from './sharing.ts'

/**
 * Requests that get in each other's way: with n in flight each goes at 1 / (1 + sigma (n-1) + kappa n (n-1)),
 * the Universal Scalability Law (Gunther, Guerrilla Capacity Planning, 2007, chapter 4). Throughput is
 * highest at n = sqrt((1 - sigma) / kappa) and falls beyond.
 */
export class Usl extends Sharing {
  private readonly sigma: number
  private readonly kappa: number

  constructor(options: Shared & { sigma: number; kappa: number }, random: Random) {
    super(options, random)
    this.sigma = options.sigma
    this.kappa = options.kappa
  }

  protected override rateOf(n: number): number {
    return 1 / (1 + (n - 1) * (this.sigma + this.kappa * n))
  }

  override measure(): Measured {
    return UNSEEN
  }
}
