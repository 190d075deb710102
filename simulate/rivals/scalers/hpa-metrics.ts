import { MetricsServer } from './metrics-server.ts'
import { propose, within, type Levels, type Tolerances } from './hpa-replicas.ts'
import type { PodSecond, Second } from './scaler.ts'

const SECOND_US = 1_000_000
/** --horizontal-pod-autoscaler-cpu-initialization-period */
const CPU_INITIALISATION_MS = 300_000
/** How often a pod's own metrics are fetched, and the phase of it: as with CPU. */
const SCRAPE_MS = 15_000
const PHASE_MS = 7000

/** What an autoscaler scales on. */
export interface Metric {
  second(seen: Second): void
  /** The count that it asks for; null where it cannot tell. */
  replicas(seen: Second, tolerances: Tolerances): number | null
}

/** Resource metric `cpu` with `averageUtilization`, %. */
export class CpuMetric implements Metric {
  private readonly target: number
  private readonly server = new MetricsServer()

  constructor(target: number) {
    this.target = target
  }

  second(seen: Second): void {
    this.server.second(seen)
  }

  replicas({ desired, pods, atMs }: Second, tolerances: Tolerances): number | null {
    const levels: Levels = {
      used: [],
      missing: [],
      unready: [],
      fallback: Math.max(100, this.target),
    }
    for (const { name, createdMs, readyMs, ready, leaving, cpu } of pods) {
      if (leaving) continue
      const usage = this.server.usage(name)
      const request = usage?.request ?? cpu?.quota ?? 0
      if (readyMs === null) levels.unready.push(request)
      else if (usage === null) levels.missing.push(request)
      else {
        // Soon after its start one counts only while it is ready, and once it has been so for a whole window.
        const young = createdMs + CPU_INITIALISATION_MS > atMs
        const fresh = !ready || usage.atMs < readyMs + usage.windowMs
        if (young && fresh) levels.unready.push(request)
        else levels.used.push({ value: usage.milli, request })
      }
    }
    const ratio = (used: number, requests: number): number =>
      Math.floor((used * 100) / requests) / this.target
    return propose(desired, levels, tolerances, ratio)
  }
}

/**
 * Pods metric with `averageValue`: the mean of requests in a pod, those waiting in it included, since its
 * last scrape. Kubernetes has no such metric of its own; it comes from an adapter, here as from Prometheus
 * with a scrape each 15 s.
 */
export class ConcurrencyMetric implements Metric {
  private readonly target: number
  private readonly sums = new Map<string, { integral: number; us: number }>()
  private values = new Map<string, number>()

  constructor(target: number) {
    this.target = target
  }

  second({ atMs, pods }: Second): void {
    for (const { name, readyMs, presentIntegral } of pods) {
      if (readyMs === null) continue
      const { integral, us } = this.sums.get(name) ?? { integral: 0, us: 0 }
      this.sums.set(name, { integral: integral + presentIntegral, us: us + SECOND_US })
    }
    if (atMs % SCRAPE_MS !== PHASE_MS) return
    this.values = new Map([...this.sums].map(([name, { integral, us }]) => [name, integral / us]))
    this.sums.clear()
  }

  replicas({ desired, pods }: Second, tolerances: Tolerances): number | null {
    const target = Math.round(this.target * 1000)
    const levels: Levels = { used: [], missing: [], unready: [], fallback: 100 }
    for (const { name, leaving, readyMs } of pods) {
      if (leaving) continue
      const value = this.values.get(name)
      if (readyMs === null) levels.unready.push(target)
      else if (value === undefined) levels.missing.push(target)
      else levels.used.push({ value: Math.ceil(value * 1000), request: target })
    }
    // The sum of what pods should have is target x pods.
    const ratio = (used: number, targets: number): number =>
      Math.floor(used / Math.round(targets / target)) / target
    return propose(desired, levels, tolerances, ratio)
  }
}

/** External metric with `averageValue`: one number for all pods. */
export class ExternalMetric implements Metric {
  private readonly target: number
  private readonly value: (seen: Second) => number
  private current = 0

  constructor(target: number, value: (seen: Second) => number) {
    this.target = target
    this.value = value
  }

  second(seen: Second): void {
    this.current = this.value(seen)
  }

  replicas({ pods }: Second, tolerances: Tolerances): number | null {
    const there = pods.filter(({ leaving }: PodSecond) => !leaving).length
    if (within(this.current / (this.target * there), tolerances)) return there
    return Math.ceil(this.current / this.target)
  }
}
