import type { Random } from '../random.ts'
import { us } from '../words.ts'
import { Errors, Waits } from './around.ts'
import { Batch } from './batch.ts'
import { Cores } from './cores.ts'
import type { Model } from './model.ts'
import { Mortal } from './mortal.ts'
import { micros, type ModelSpec, type PlantSpec, type SpreadSpec } from './spec.ts'
import type { Spread } from './spread.ts'
import { coldFor, coldOver, levels, pauses, span, Steps, type Part } from './steps.ts'
import { Tokens } from './tokens.ts'
import { Usl } from './usl.ts'

const RESTART = '30s'
/** Allocators keep what was freed: glibc's gives back the top of a heap alone, PyTorch's nothing until it is asked. */
const BACK = '60s'
const FAST_ERROR = '1ms'
const MOST_RUNNING = 256

/** One replica of a plant that was checked. `replica` counts from 0; the same numbers and chance give the same model. */
export function makeModel(spec: PlantSpec, replica: number, random: Random): Model {
  const { memory, crashes } = spec
  const make = (): Model => within(spec, replica, random)
  if (memory === undefined && crashes === undefined) return make()
  return new Mortal(
    make,
    memory === undefined
      ? null
      : {
          ...memory,
          backUs: us(memory.back ?? BACK),
          restartUs: us(memory.restart ?? RESTART),
        },
    crashes === undefined
      ? null
      : {
          fromUs: us(crashes.from),
          untilUs: us(crashes.until),
          everyUs: us(crashes.every),
          first: random.fork().uniform(),
          restartUs: us(crashes.restart ?? RESTART),
        },
  )
}

/** What waits and fails around the model itself. */
function within(spec: PlantSpec, replica: number, random: Random): Model {
  const { wait } = spec.model
  let model = kindOf(spec, replica, random)
  if (wait !== undefined) model = new Waits(model, timeOf(wait, 1), random.fork())
  if (spec.errors === undefined) return model
  const spans = spec.errors.map(each => ({
    fromUs: us(each.from),
    untilUs: us(each.until),
    share: each.share,
    afterUs: brief(each.after ?? FAST_ERROR),
  }))
  return new Errors(model, spans, random.fork())
}

function kindOf(spec: PlantSpec, replica: number, random: Random): Model {
  const { model } = spec
  const slow = slowness(spec, replica)
  const all = { costs: spec.classes ?? [1], pace: new Steps(paceOf(spec, random)) }
  const own = random.fork()
  switch (model.kind) {
    case 'cores':
      return new Cores(
        {
          ...all,
          work: timeOf(model.work, slow),
          cores: new Steps([coresOf(model.cores)]),
          shown: model.cpu ?? true,
          stops: model.stops ?? false,
        },
        own,
      )
    case 'usl':
      return new Usl({ ...all, ...model, work: timeOf(model.work, slow) }, own)
    case 'batch':
      return new Batch(
        {
          ...all,
          most: model.most,
          fixed: brief(model.fixed) * slow,
          each: brief(model.each) * slow,
          padded: model.padded ?? false,
          cv: model.cv ?? 0,
        },
        own,
      )
    case 'tokens':
      return new Tokens({ ...all, ...tokensOf(model, slow) }, own)
  }
}

function tokensOf(model: ModelSpec & { kind: 'tokens' }, slow: number) {
  return {
    base: brief(model.base) * slow,
    each: brief(model.each) * slow,
    readUs: (1_000_000 / model.prefill) * slow,
    prompt: spreadOf(model.prompt, model.prompt.mean),
    output: spreadOf(model.output, model.output.mean),
    kv: model.kv,
    most: model.most ?? MOST_RUNNING,
  }
}

/** What changes its speed over time. A slow replica is none of it: it works as much as others, for longer. */
function paceOf({ pauses: pause, neighbour, cold }: PlantSpec, random: Random): Part[] {
  const parts: Part[] = []
  if (pause !== undefined) {
    const every = us(pause.every)
    parts.push(pauses(every, us(pause.for), random.below(every)))
  }
  for (const { from, until, speed } of neighbour ?? []) parts.push(span(us(from), us(until), speed))
  if (cold?.requests !== undefined) parts.push(coldOver(cold.factor, cold.requests))
  else if (cold?.for !== undefined) parts.push(coldFor(cold.factor, us(cold.for)))
  return parts
}

/** Times the time that others take: the slow ones are as evenly spread over the numbers as can be. */
function slowness({ slow }: PlantSpec, replica: number): number {
  if (slow === undefined) return 1
  const before = Math.floor(replica * slow.share + 0.5)
  return Math.floor((replica + 1) * slow.share + 0.5) > before ? slow.factor : 1
}

function coresOf(cores: number | Record<string, number>): Part {
  const points = typeof cores === 'number' ? { '0s': cores } : cores
  return levels(Object.entries(points).map(([at, value]) => ({ atUs: us(at), value })))
}

function timeOf(spec: SpreadSpec<string>, factor: number): Spread {
  return spreadOf(spec, brief(spec.mean) * factor)
}

export function spreadOf(spec: Omit<SpreadSpec<unknown>, 'mean'>, mean: number): Spread {
  const { spread = 'fixed', cv = 0, share = 0, factor = 1 } = spec
  return { mean, shape: spread, cv, share, factor }
}

/** us of a short duration that was checked. */
export function brief(words: string): number {
  return micros(words) ?? 0
}
