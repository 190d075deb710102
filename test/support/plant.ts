import { add } from '../../core/model/distribution.ts'
import type { Inputs, Outcome, Summary } from '../../core/model/decision.ts'
import { FOLDS_KEPT, type ArmFold } from '../../core/model/windows.ts'
import { emptyFold, emptyInputs, emptySummary } from './blank.ts'
import { random, type Random } from './prng.ts'
import type { Server } from './server.ts'
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

interface Run {
  /** Good answers a second (within the true objective), by second. */
  good: number[]
  rejected: number
  /** Limit ordered, by second. */
  limits: number[]
}

const SECOND = 1_000_000
const START = 1_700_000_000_000

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

function inputsOf(plant: Plant, ring: Counted[][], folds: Map<string, ArmFold>): Inputs {
  const windows = [3, 20, 30].map(n => [String(n), summaryOf(plant, ring.slice(-n))])
  return emptyInputs(plant.replicas, Object.fromEntries(windows), [...folds.values()])
}
