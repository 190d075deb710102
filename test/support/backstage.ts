import { Store } from '../../aggregator/store/store.ts'
import type { Order } from '../../core/model/order.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import { Outrigger } from '../../simulate/control/outrigger.ts'
import { Herd } from '../../simulate/path/herd.ts'
import { Sidecar } from '../../simulate/path/sidecar.ts'
import type { Model } from '../../simulate/plants/model.ts'
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
  /** Whether a sidecar gets an order. */
  reaches?(sidecar: Sidecar, order: Order): boolean
  /** A replica's model, in place of the scenario's; by its number, from 0. */
  model?(index: number): Model
}

/**
 * Plays a scenario with the production deciders and Outrigger's own limiter, while `hands` reach in at the
 * store of windows and at the control. A run never waits, so nobody else sees what is changed meanwhile.
 */
export function playWith(raw: object, hands: Hands, seed = 1): Played {
  const { second, scale, take, tell, windows } = OWN
  let seconds = 0
  Outrigger.prototype.second = function decides(world) {
    seconds++
    hands.before?.(this, world, seconds)
    second.call(this, world)
    hands.after?.(this, world, seconds)
  }
  Store.prototype.take = function takes(from, sample, offset, now) {
    const heard = hands.sample === undefined ? sample : hands.sample(sample, seconds)
    return heard === null ? 'late' : take.call(this, from, heard, offset, now)
  }
  Store.prototype.windows = function answers(name, now, warm) {
    const answer = windows.call(this, name, now, warm)
    return hands.windows === undefined ? answer : hands.windows(answer, seconds)
  }
  Sidecar.prototype.take = function takes(order) {
    if (hands.reaches?.(this, order) ?? true) tell.call(this, order)
  }
  Herd.prototype.scale = function scales(...asked) {
    if (hands.model !== undefined) Reflect.set(this, 'model', hands.model)
    return scale.apply(this, asked)
  }
  try {
    return play(scenarioFrom(raw), { policy: 'outrigger', limiter: 'outrigger', seed })
  } finally {
    Outrigger.prototype.second = second
    Store.prototype.take = take
    Store.prototype.windows = windows
    Sidecar.prototype.take = tell
    Herd.prototype.scale = scale
  }
}

const OWN = {
  second: Outrigger.prototype.second,
  take: Store.prototype.take,
  windows: Store.prototype.windows,
  tell: Sidecar.prototype.take,
  scale: Herd.prototype.scale,
}
