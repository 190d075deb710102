import { sizeOf } from './batch.ts'
import { brief, spreadOf } from './make.ts'
import type { ModelSpec, PlantSpec } from './spec.ts'
import { squaredCv, type Spread } from './spread.ts'

/** The most that one replica carries, requests a second, and with how many in flight. */
export interface Capacity {
  perSecond: number
  inFlight: number
}

/**
 * By arithmetic, for a replica that is warm, as fast as most and left alone, all of whose places are taken
 * again at once. `cost` is the mean cost of a request over the classes; a request may take `withinUs` on
 * average. What waits before a batch, or where there is contention, is counted as if it took a place there.
 */
export function capacity(
  { model, memory }: PlantSpec,
  cost = 1,
  withinUs: number = Infinity,
): Capacity {
  const room =
    memory === undefined || memory.each === 0
      ? Infinity
      : Math.floor((memory.limit - memory.base) / memory.each)
  const most = Math.max(1, Math.min(room, useful(model, cost), 100_000))
  let best: Capacity = { perSecond: 0, inFlight: 1 }
  for (let inFlight = 1; inFlight <= most; inFlight++) {
    const us = takes(model, cost, inFlight)
    if (us > withinUs && inFlight > 1) break
    const perSecond = (inFlight * 1e6) / us
    if (perSecond > best.perSecond * (1 + 1e-9)) best = { perSecond, inFlight }
  }
  return best
}

/** More in flight than this bring nothing. */
function useful(model: ModelSpec, cost: number): number {
  switch (model.kind) {
    case 'cores': {
      const workUs = brief(model.work.mean) * cost
      return Math.ceil((coresOf(model) * (waitOf(model) + workUs)) / workUs)
    }
    case 'usl':
      return model.kappa === 0
        ? Infinity
        : Math.ceil(Math.sqrt(Math.max(0, 1 - model.sigma) / model.kappa))
    case 'batch':
      return model.most
    case 'tokens': {
      // One that runs holds its prompt and, seen at any time, the half of its output that a long one has
      // given for longer: E[o^2] / 2 E[o].
      const output = spreadOf(model.output, model.output.mean * cost)
      const each = model.prompt.mean + (output.mean * (1 + squaredCv(output))) / 2
      return Math.min(model.most ?? 256, Math.floor(model.kv / each))
    }
  }
}

/** us that a request takes with so many in flight, on average. */
function takes(model: ModelSpec, cost: number, n: number): number {
  switch (model.kind) {
    case 'cores': {
      const workUs = brief(model.work.mean) * cost
      return Math.max(waitOf(model) + workUs, (n * workUs) / coresOf(model))
    }
    case 'usl': {
      const slowed = 1 + (n - 1) * (model.sigma + model.kappa * n)
      return waitOf(model) + brief(model.work.mean) * cost * slowed
    }
    case 'batch': {
      const size = sizeOf(n, model.most, model.padded ?? false)
      return waitOf(model) + brief(model.fixed) + brief(model.each) * cost * size
    }
    case 'tokens': {
      const readUs = (model.prompt.mean * 1e6) / model.prefill
      const stepUs = brief(model.base) + brief(model.each) * n
      return waitOf(model) + readUs * n + model.output.mean * cost * stepUs
    }
  }
}

function coresOf({ cores }: ModelSpec & { kind: 'cores' }): number {
  return typeof cores === 'number' ? cores : Math.max(...Object.values(cores))
}

function waitOf({ wait }: ModelSpec): number {
  return wait === undefined ? 0 : brief(wait.mean)
}

/** The mean of the classes' costs, and of their squares. */
export interface Mix {
  mean: number
  square: number
}

export function mixOf(costs: readonly number[], shares: readonly number[]): Mix {
  const sum = (value: (cost: number) => number): number =>
    costs.reduce((all, cost, i) => all + value(cost) * (shares[i] ?? 0), 0)
  return { mean: sum(cost => cost), square: sum(cost => cost * cost) }
}

/** How long a request takes that is alone, us: mean, and deviation over it. */
export function alone(model: ModelSpec, { mean, square }: Mix): { us: number; cv: number } {
  const work = workOf(model)
  const wait = model.wait === undefined ? null : spreadOf(model.wait, brief(model.wait.mean))
  const waitVariance = wait === null ? 0 : wait.mean * wait.mean * squaredCv(wait)
  const each = work.each.mean * work.each.mean
  const variance = each * ((1 + squaredCv(work.each)) * square - mean * mean) + waitVariance
  const us = work.fixed + work.each.mean * mean + (wait?.mean ?? 0)
  return { us, cv: Math.sqrt(Math.max(0, variance)) / us }
}

/** us alone: what all take, and what differs. */
function workOf(model: ModelSpec): { fixed: number; each: Spread } {
  switch (model.kind) {
    case 'cores':
    case 'usl':
      return { fixed: 0, each: spreadOf(model.work, brief(model.work.mean)) }
    case 'batch':
      return { fixed: brief(model.fixed), each: spreadOf({}, brief(model.each)) }
    case 'tokens': {
      const tokenUs = brief(model.base) + brief(model.each)
      return {
        fixed: (model.prompt.mean * 1e6) / model.prefill,
        each: spreadOf(model.output, model.output.mean * tokenUs),
      }
    }
  }
}
