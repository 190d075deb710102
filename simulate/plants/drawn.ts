import { Random } from '../random.ts'
import { alone, capacity, mixOf } from './capacity.ts'
import type { Setting } from './catalogue.ts'
import { families, modelOf, type Family } from './drawn-models.ts'
import { befall } from './drawn-mishaps.ts'
import { even, tidy } from './drawn-ranges.ts'

export interface Drawn extends Setting {
  family: Family
}

const LEAST_RATE = 0.3
const MOST_RATE = 1500

/**
 * Plants that nobody tuned anything on. Ranges are wide, and what is about scale is drawn evenly in its
 * logarithm, so that 2 to 20 is as likely as 200 to 2000:
 * - service time alone 2 ms to 20 s: from a small classifier to a diffusion model or a long chain of calls;
 * - its spread: none, uniform, exponential, two lengths up to 30 times apart, lognormal up to cv 3;
 * - cores 1 to 64, where CPU is shown; knees 4 to 400 where it is not;
 * - contention with its best concurrency from 4 to 400;
 * - batches of 2 to 64; LLM engines from a small model on a large GPU to the reverse;
 * - load 0.5 to 2 times what the best limit carries within the objective: above 1 the limit decides, below it must do no harm;
 * - objective 1.5 to 8 times (1 + cv) the service time at low load: owners look at a tail, not at a mean.
 * A replica carries 0.3 to 1,500 requests a second: below, no learner sees enough in ten minutes; above,
 * a run takes too long. Service times are drawn anew until it does.
 */
export function drawnPlant(seed: number): Drawn {
  const random = new Random(seed)
  const family = families[random.below(families.length)] ?? 'cpu'
  for (;;) {
    const model = modelOf(family, random)
    const { plant, shares } = befall(model, random)
    const mix = mixOf(plant.classes ?? [1], shares)
    const { us, cv } = alone(model, mix)
    // Who comes while a batch runs waits for it first.
    const usualUs = us * (1 + cv) * (model.kind === 'batch' ? 2 : 1)
    const objective = even(1.5, 8, random)
    const { perSecond } = capacity(plant, mix.mean, us * objective)
    if (perSecond < LEAST_RATE || perSecond > MOST_RATE) continue
    const traffic = trafficOf(tidy(perSecond * even(0.5, 2, random)), random)
    return {
      about: `Drawn by seed ${seed}: ${family}.`,
      family,
      plant,
      traffic: shares.length > 1 ? { ...traffic, classes: shares } : traffic,
      objective: `${Math.max(5, Math.round((usualUs * objective) / 1000))}ms`,
      // As many as it takes to have a slow one among them.
      ...(plant.slow === undefined ? {} : { replicas: Math.ceil(1 / plant.slow.share) }),
      cpu: model.kind === 'cores' && model.cpu !== false,
    }
  }
}

/** Three in four are steady; else a lull, or a low beginning. */
function trafficOf(rate: number, random: Random): Setting['traffic'] {
  const chance = random.uniform()
  if (chance < 0.75) return { constant: { rate } }
  const low = tidy(rate * even(0.05, 0.4, random))
  const points: Record<string, number> =
    chance < 0.9 ? { '0s': rate, '200s': low, '350s': rate } : { '0s': low, '150s': rate }
  return { levels: { points } }
}
