/** Seeded random numbers for virtual-time tests: mulberry32. */
export interface Random {
  uniform: () => number
  exponential: (mean: number) => number
}

export function random(seed: number): Random {
  let a = seed >>> 0
  const uniform = (): number => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return { uniform, exponential: mean => -Math.log(1 - uniform()) * mean }
}
