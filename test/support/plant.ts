import { EMPTY, add } from '../../core/model/distribution.ts'
import type { Inputs, Outcome, Summary } from '../../core/model/decision.ts'
import { FOLDS_KEPT, type ArmFold } from '../../core/model/windows.ts'
import { random, type Random } from './prng.ts'
import { batcher, processorSharing, type Server } from './server.ts'
import { ToySidecar, type Counted } from './toy-sidecar.ts'

/** A model, its traffic and what is wanted of it. */
export interface Plant {
  name: string
  server: (r: Random) => Server
  /** Arrivals a second for each replica, Poisson; by second where it changes. */
  rate: (second: number) => number
  objectiveMs: number
  replicas: number
  /** Cores, where the sidecar sees CPU. */
  cores: number | null
}

/** Who sets the limit: called each second. */
export type Controller = (inputs: Inputs, now: number) => Outcome['order']

export interface Run {
  /** Good answers a second (within the true objective), by second. */
  good: number[]
  rejected: number
  /** Limit ordered, by second. */
  limits: number[]
}

const SECOND = 1_000_000
export const START = 1_700_000_000_000

/** Runs a plant for so many virtual seconds. */
export function run(plant: Plant, control: Controller, seconds: number, seed: number): Run {
  const r = random(seed)
  const cars = Array.from(
    { length: plant.replicas },
    (_, i) =>
      new ToySidecar(
        plant.server(random(seed * 31 + i)),
        i % 2 === 0 ? 0 : 1,
        plant.objectiveMs * 1000,
      ),
  )
  const folds = new Map<string, ArmFold>()
  const ring: Counted[][] = []
  const out: Run = { good: [], rejected: 0, limits: [] }
  let arrival = 0
  let job = 0
  let limit = 1
  for (let s = 0; s < seconds; s++) {
    const order = control(inputsOf(plant, ring, folds), START + s * 1000)
    if (order !== null) {
      limit = order.limit
      for (const car of cars) car.obey(order)
    }
    if (s === 0) for (const car of cars) car.tick(0)
    const end = (s + 1) * SECOND
    const mean = SECOND / (plant.rate(s) * plant.replicas)
    if (arrival < s * SECOND) arrival = s * SECOND + r.exponential(mean)
    for (;;) {
      const [car, at] = soonest(cars)
      if (Math.min(at, arrival) >= end) break
      if (at <= arrival) car.finish(at)
      else {
        cars[Math.floor(r.uniform() * cars.length)]?.arrive(job++, arrival)
        arrival += r.exponential(mean)
      }
    }
    const second = cars.map(car => car.tick(end))
    for (const one of second) foldIn(folds, one)
    ring.push(second)
    if (ring.length > 300) ring.shift()
    out.good.push(second.reduce((sum, one) => sum + one.good, 0))
    out.rejected += second.reduce((sum, one) => sum + one.rejected, 0)
    out.limits.push(limit)
  }
  return out
}

function soonest(cars: ToySidecar[]): [ToySidecar, number] {
  let best: [ToySidecar, number] | null = null
  for (const car of cars) {
    const at = car.nextAt()
    if (best === null || at < best[1]) best = [car, at]
  }
  if (best === null) throw new Error('a plant has a replica')
  return best
}

function foldIn(folds: Map<string, ArmFold>, s: Counted): void {
  const { order, slot, arm, guard, effective, settling } = s.state
  if (order === null || settling) return
  const { n } = order
  const key = `${n}/${slot}/${arm}`
  const f: ArmFold = folds.get(key) ?? emptyFold(n, slot, arm)
  folds.delete(key)
  folds.set(
    key,
    guard
      ? { ...f, guardSeconds: f.guardSeconds + 1, guardLimits: f.guardLimits + effective }
      : {
          ...f,
          seconds: f.seconds + 1,
          us: f.us + Math.round(s.us),
          offered: f.offered + s.offered,
          admitted: f.admitted + s.admitted,
          ok: f.ok + s.ok,
          late: f.late + s.late,
          rejected: f.rejected + s.rejected,
          inFlightIntegral: f.inFlightIntegral + Math.round(s.inFlight),
          inFlightMax: Math.max(f.inFlightMax, s.inFlightMax),
          boundUs: f.boundUs + Math.round(s.boundUs),
          cpuUs: f.cpuUs + (s.cpuUs ?? 0),
          service: add(f.service, s.service),
          limit: Math.max(f.limit, effective),
          okSquares: f.okSquares + s.ok * s.ok,
        },
  )
  if (folds.size > FOLDS_KEPT)
    for (const old of folds.keys()) if (folds.size > FOLDS_KEPT) folds.delete(old)
}

export function emptyFold(n: number, slot: number, arm: ArmFold['arm']): ArmFold {
  const zero = { offered: 0, admitted: 0, ok: 0, server: 0, late: 0, rejected: 0, tokensOut: 0 }
  return {
    order: { epoch: 1, n },
    slot,
    arm,
    seconds: 0,
    us: 0,
    ...zero,
    inFlightIntegral: 0,
    inFlightMax: 0,
    boundUs: 0,
    cpuUs: 0,
    service: EMPTY,
    limit: 0,
    guardSeconds: 0,
    guardLimits: 0,
    okSquares: 0,
  }
}

function summaryOf(plant: Plant, seconds: Counted[][]): Summary {
  const all = seconds.flat()
  const sum = (value: (s: Counted) => number): number => all.reduce((n, s) => n + value(s), 0)
  const us = Math.max(
    1,
    sum(s => s.us),
  )
  return {
    ...emptySummary(seconds.length, plant.replicas),
    offered: sum(s => s.offered),
    admitted: sum(s => s.admitted),
    ok: sum(s => s.ok),
    late: sum(s => s.late),
    rejected: sum(s => s.rejected),
    inFlightMilli: Math.round((sum(s => s.inFlight) * 1000) / us),
    serviceCount: sum(s => s.service.count),
    serviceSum: sum(s => s.service.sum),
    boundPermille: Math.round((sum(s => s.boundUs) * 1000) / us),
    cpuPermille:
      plant.cores === null
        ? null
        : Math.min(1000, Math.round((sum(s => s.cpuUs ?? 0) * 1000) / (us * plant.cores))),
  }
}

export function emptySummary(seconds: number, replicas: number): Summary {
  const counts = { offered: 0, attempts: 0, admitted: 0, ok: 0, client: 0, server: 0, late: 0 }
  return {
    seconds,
    ...counts,
    rejected: 0,
    abandoned: 0,
    inFlightMilli: 0,
    queuedMilli: 0,
    heldMilli: 0,
    heldMax: 0,
    present: 0,
    serviceCount: 0,
    serviceSum: 0,
    serviceP50: null,
    serviceP95: null,
    waitP95: null,
    boundPermille: 0,
    cpuPermille: null,
    memoryPermille: null,
    gpuPermille: null,
    kvPermille: null,
    engineWaiting: null,
    tokensOut: 0,
    coverage: 1000,
    expected: replicas,
    reporting: replicas,
    stalenessMs: 0,
  }
}

function inputsOf(plant: Plant, ring: Counted[][], folds: Map<string, ArmFold>): Inputs {
  const windows = [3, 20, 30].map(n => [String(n), summaryOf(plant, ring.slice(-n))])
  return emptyInputs(plant.replicas, Object.fromEntries(windows), [...folds.values()])
}

export function emptyInputs(ready: number, windows: Inputs['windows'], folds: ArmFold[]): Inputs {
  const others = { starting: 0, notReady: 0, draining: 0, failed: 0, oldestStartingMs: 0 }
  return {
    replicas: { desired: ready, ready, ...others },
    platformVersion: 0,
    startUps: [],
    windows,
    windowAgeMs: 0,
    offeredPerSecond: [],
    outliers: [],
    missing: [],
    folds,
    inForce: null,
    overrides: [],
    causes: [],
    activate: false,
  }
}

const cpuWork =
  (mean: number) =>
  (r: Random): [number, number] => [0, mean * (0.5 + r.uniform())]
/** An hour of us where nothing else is said: ms to us. */
const ms = 1000

/** The model classes that a learner must survive. Loads are 1.3 times what the best limit carries. */
export const plants = {
  core: {
    name: 'one core, 40 ms each',
    server: random =>
      processorSharing({ cores: 1, work: cpuWork(40 * ms), showsCpu: true, random }),
    rate: () => 32,
    objectiveMs: 150,
    replicas: 1,
    cores: 1,
  },
  cores8: {
    name: 'eight cores, 100 ms each',
    server: random =>
      processorSharing({ cores: 8, work: cpuWork(100 * ms), showsCpu: true, random }),
    rate: () => 100,
    objectiveMs: 300,
    replicas: 1,
    cores: 8,
  },
  agent: {
    name: 'awaits I/O, knee at 200',
    server: random =>
      processorSharing({ cores: 200, work: cpuWork(500 * ms), showsCpu: false, random }),
    rate: () => 500,
    objectiveMs: 1000,
    replicas: 1,
    cores: null,
  },
  batch: {
    name: 'batches of up to 16',
    server: () => batcher({ most: 16, fixed: 30 * ms, each: 2 * ms }),
    rate: () => 300,
    objectiveMs: 250,
    replicas: 1,
    cores: null,
  },
  bimodal: {
    name: 'nine short ones, then one ten times as long, four cores',
    server: random =>
      processorSharing({
        cores: 4,
        work: r => [0, (r.uniform() < 0.1 ? 300 : 30) * ms],
        showsCpu: true,
        random,
      }),
    rate: () => 90,
    objectiveMs: 600,
    replicas: 1,
    cores: 4,
  },
  quiet: {
    name: 'low traffic on I/O',
    server: random =>
      processorSharing({ cores: 50, work: cpuWork(200 * ms), showsCpu: false, random }),
    rate: () => 1,
    objectiveMs: 500,
    replicas: 1,
    cores: null,
  },
} satisfies Record<string, Plant>
