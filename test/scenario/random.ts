import { exp } from '../../core/model/math.ts'

/** mulberry32: a small seeded generator of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** A Poisson number with this mean (Knuth); large means in parts. */
export function poisson(mean: number, random: () => number): number {
  if (mean > 30) return poisson(30, random) + poisson(mean - 30, random)
  const floor = exp(-mean)
  let product = random()
  let count = 0
  while (product > floor) {
    product *= random()
    count++
  }
  return count
}
