import type { Random } from '../random.ts'
import { even, tidy, words } from './drawn-ranges.ts'
import type { ModelSpec, SpreadSpec } from './spec.ts'

export const families = ['cpu', 'knee', 'waits', 'contention', 'batch', 'llm'] as const
export type Family = (typeof families)[number]

/** A model of a family; the ranges and their reasons stand with `drawnPlant`. */
export function modelOf(family: Family, random: Random): ModelSpec {
  switch (family) {
    case 'cpu': {
      const cores = Math.round(even(1, 64, random))
      return { kind: 'cores', cores, work: timeOf(even(2000, 2e7, random), random) }
    }
    case 'knee': {
      const cores = Math.round(even(4, 400, random))
      return { kind: 'cores', cores, work: timeOf(even(2000, 2e7, random), random), cpu: false }
    }
    case 'waits': {
      // CPU is 2 to 50 % of the time.
      const us = even(5000, 2e7, random)
      const part = even(0.02, 0.5, random)
      return {
        kind: 'cores',
        cores: Math.round(even(1, 16, random)),
        work: timeOf(us * part, random),
        wait: timeOf(us * (1 - part), random),
      }
    }
    case 'contention': {
      const sigma = tidy(even(0.002, 0.2, random))
      const peak = even(4, 400, random)
      const kappa = tidy((1 - sigma) / (peak * peak))
      return { kind: 'usl', work: timeOf(even(2000, 5e6, random), random), sigma, kappa }
    }
    case 'batch':
      return batchOf(random)
    case 'llm':
      return llmOf(random)
  }
}

/** A request adds 1 to 30 % of what a batch takes at least. */
function batchOf(random: Random): ModelSpec {
  const fixedUs = even(2000, 2e6, random)
  return {
    kind: 'batch',
    most: Math.round(even(2, 64, random)),
    fixed: words(fixedUs),
    each: words(fixedUs * even(0.01, 0.3, random)),
    padded: random.uniform() < 0.3,
    cv: tidy(random.uniform() * 0.3),
  }
}

/** Steps of 5 to 40 ms, 20 to 800 tokens for 50 to 4,000, and a cache for some ten or some hundred of them. */
function llmOf(random: Random): ModelSpec {
  const prompt = Math.round(even(50, 4000, random))
  const output = Math.round(even(20, 800, random))
  const cv = (): number => tidy(0.2 + random.uniform() * 1.3)
  return {
    kind: 'tokens',
    base: words(even(5000, 40_000, random)),
    each: words(even(20, 500, random)),
    prefill: Math.round(even(3000, 50_000, random)),
    prompt: { mean: prompt, spread: 'lognormal', cv: cv() },
    output: { mean: output, spread: 'lognormal', cv: cv() },
    kv: Math.round((prompt + output) * even(10, 400, random)),
  }
}

function timeOf(us: number, random: Random): SpreadSpec<string> {
  const mean = words(us)
  const chance = random.uniform()
  if (chance < 0.1) return { mean, spread: 'fixed' }
  if (chance < 0.25) return { mean, spread: 'uniform' }
  if (chance < 0.45) return { mean, spread: 'exponential' }
  if (chance < 0.85) return { mean, spread: 'lognormal', cv: tidy(even(0.1, 3, random)) }
  const share = tidy(even(0.02, 0.3, random))
  return { mean, spread: 'bimodal', share, factor: tidy(even(3, 30, random)) }
}
