import type { Random } from '../random.ts'
import { capacity } from './capacity.ts'
import { even, tidy } from './drawn-ranges.ts'
import type { ModelSpec, PlantSpec } from './spec.ts'

/** Each mishap befalls one plant in eight; two thirds of the plants have one or more. */
const CHANCE = 1 / 8

type Mishap = (model: ModelSpec, random: Random) => Partial<PlantSpec>

/** A pause of up to half a second each 5 to 30 s: a garbage collector, a checkpoint. */
const pauses: Mishap = (_, random) => ({
  pauses: {
    every: `${Math.round(even(5, 30, random))}s`,
    for: `${Math.round(even(50, 500, random))}ms`,
  },
})

/** A neighbour takes 20 to 60 % for 40 to 200 s. */
const neighbour: Mishap = (_, random) => {
  const from = Math.round(even(60, 300, random))
  const until = from + Math.round(even(40, 200, random))
  return {
    neighbour: [
      { from: `${from}s`, until: `${until}s`, speed: tidy(0.4 + random.uniform() * 0.4) },
    ],
  }
}

/** The first requests take 2 to 10 times as long. */
const cold: Mishap = (_, random) => {
  const factor = tidy(even(2, 10, random))
  return random.uniform() < 0.5
    ? { cold: { factor, requests: Math.round(even(50, 500, random)) } }
    : { cold: { factor, for: `${Math.round(even(10, 60, random))}s` } }
}

/** One to three replicas in ten are 1.5 to 3 times as slow. */
const slow: Mishap = (_, random) => ({
  slow: { share: tidy(even(0.1, 0.3, random)), factor: tidy(even(1.5, 3, random)) },
})

/** 5 to 50 % of the requests fail for a minute. */
const errors: Mishap = (_, random) => {
  const from = Math.round(even(60, 400, random))
  return {
    errors: [{ from: `${from}s`, until: `${from + 60}s`, share: tidy(even(0.05, 0.5, random)) }],
  }
}

/** Out of memory at 1.2 to 4 times the best concurrency: far enough above it that a limit can avoid it. */
const memory: Mishap = (model, random) => {
  const most = Math.ceil(capacity({ model }).inFlight * even(1.2, 4, random)) + 1
  return { memory: { limit: 1024 + most * 50, base: 1024, each: 50 } }
}

/** Cores become 0.4 to 1.5 times as many, twice; other kinds have it as a neighbour. */
const drift: Mishap = (model, random) => {
  if (model.kind !== 'cores' || typeof model.cores !== 'number') return {}
  const { cores } = model
  const changed = (): number => Math.max(1, Math.round(cores * even(0.4, 1.5, random)))
  return { model: { ...model, cores: { '0s': cores, '200s': changed(), '400s': changed() } } }
}

const mishaps = [pauses, neighbour, cold, slow, errors, memory, drift]

/** A model with what befalls it, and the shares of its requests' classes. */
export function befall(model: ModelSpec, random: Random): { plant: PlantSpec; shares: number[] } {
  let plant: PlantSpec = { model }
  for (const mishap of mishaps)
    if (random.uniform() < CHANCE) plant = { ...plant, ...mishap(plant.model, random) }
  if (model.kind === 'tokens' || random.uniform() >= CHANCE) return { plant, shares: [1] }
  // A few requests that cost 5 to 50 times what the others do.
  const dear = tidy(even(0.02, 0.2, random))
  return {
    plant: { ...plant, classes: [1, tidy(even(5, 50, random))] },
    shares: [Math.round((1 - dear) * 1e6) / 1e6, dear],
  }
}
