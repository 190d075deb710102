import { Store } from '../../aggregator/store/store.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import { Outrigger } from '../../simulate/control/outrigger.ts'
import type { Played } from '../../simulate/result.ts'
import { play } from '../../simulate/run.ts'
import { scenarioFrom } from '../../simulate/scenario/read.ts'
import type { World } from '../../simulate/world.ts'

/** A hand in what a simulated controller sees. `second` counts from 1: it has just ended. */
export interface Hands {
  /** Before and after it decides. */
  before?(control: Outrigger, world: World, second: number): void
  after?(control: Outrigger, world: World, second: number): void
  /** A sample on its way to the aggregator; null: it never gets there. */
  sample?(sample: Sample, second: number): Sample | null
  /** What the aggregator answers. */
  windows?(windows: EndpointWindows | null, second: number): EndpointWindows | null
}

/**
 * Plays a scenario with the production deciders and Outrigger's own limiter, while `hands` reach in at the
 * store of windows and at the control. A run never waits, so nobody else sees what is changed meanwhile.
 */
export function playWith(raw: object, hands: Hands, seed = 1): Played {
  const own = {
    second: Outrigger.prototype.second,
    take: Store.prototype.take,
    windows: Store.prototype.windows,
  }
  let seconds = 0
  Outrigger.prototype.second = function second(world) {
    seconds++
    hands.before?.(this, world, seconds)
    own.second.call(this, world)
    hands.after?.(this, world, seconds)
  }
  Store.prototype.take = function take(from, sample, offset, now) {
    const heard = hands.sample === undefined ? sample : hands.sample(sample, seconds)
    return heard === null ? 'late' : own.take.call(this, from, heard, offset, now)
  }
  Store.prototype.windows = function windows(name, now, warm) {
    const answer = own.windows.call(this, name, now, warm)
    return hands.windows === undefined ? answer : hands.windows(answer, seconds)
  }
  try {
    return play(scenarioFrom(raw), { policy: 'outrigger', limiter: 'outrigger', seed })
  } finally {
    Outrigger.prototype.second = own.second
    Store.prototype.take = own.take
    Store.prototype.windows = own.windows
  }
}
