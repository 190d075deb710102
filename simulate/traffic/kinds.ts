import type { Random } from '../random.ts'

/** Draws the class of a request by the classes' shares; the only class needs no chance. */
export class Kinds {
  private readonly upTo: number[]
  private readonly random: Random

  constructor(shares: readonly number[] | undefined, random: Random) {
    let sum = 0
    this.upTo = (shares ?? []).map(share => (sum += share))
    this.random = random
  }

  draw(): number {
    const last = this.upTo.length - 1
    if (last < 1) return 0
    const chance = this.random.uniform() * (this.upTo[last] ?? 1)
    let kind = 0
    while (kind < last && chance >= (this.upTo[kind] ?? 1)) kind++
    return kind
  }
}
