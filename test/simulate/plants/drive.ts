import type { Ended, Model } from '../../../simulate/plants/model.ts'
import { Random } from '../../../simulate/random.ts'

/** What became of a request; us. */
export interface Past extends Ended {
  startedUs: number
  endedUs: number
}

export interface Driven {
  past: Past[]
  /** Started and not ended. */
  open: number
  turnedAway: number
  nowUs: number
}

interface Drive {
  untilUs: number
  /** When the next request comes, after the one at `nowUs`; Infinity for no more. */
  gap: (nowUs: number) => number
  kind?: () => number
  /** Requests in flight at most; more are turned away. */
  limit?: number
}

/** Gives a model requests and lets it end them; throws when it breaks the rules that a model has. */
export function drive(
  model: Model,
  { untilUs, gap, kind = () => 0, limit = Infinity }: Drive,
): Driven {
  const started = new Map<number, number>()
  const driven: Driven = { past: [], open: 0, turnedAway: 0, nowUs: 0 }
  let arrival = gap(0)
  let id = 0
  for (;;) {
    const next = model.nextUs()
    if (next < driven.nowUs) throw new Error(`next ${next} is before now ${driven.nowUs}`)
    const now = Math.min(next, arrival)
    if (now >= untilUs) break
    driven.nowUs = now
    if (next <= arrival) {
      for (const ended of model.end(now)) {
        const startedUs = started.get(ended.id)
        if (startedUs === undefined) throw new Error(`${ended.id} ended twice or never began`)
        started.delete(ended.id)
        driven.past.push({ ...ended, startedUs, endedUs: now })
      }
      continue
    }
    if (started.size < limit) {
      started.set(id, now)
      model.start(id++, kind(), now)
    } else driven.turnedAway++
    arrival = now + gap(now)
  }
  driven.open = started.size
  return driven
}

/** As many requests as `count` all the time: each that ends is followed by another. Gives those that ended well, a second. */
export function closedLoop(model: Model, count: number, untilUs: number): number {
  let id = 0
  let good = 0
  for (; id < count; id++) model.start(id, 0, 0)
  for (let now = model.nextUs(); now < untilUs; now = model.nextUs()) {
    for (const { ok } of model.end(now)) {
      if (ok) good++
      model.start(id++, 0, now)
    }
  }
  return (good * 1e6) / untilUs
}

/** us until the next of so many requests a second, whose clients know nothing of each other. */
export function poisson(perSecond: number, seed: number): () => number {
  const random = new Random(seed)
  return () => random.exponential(1e6 / perSecond)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
