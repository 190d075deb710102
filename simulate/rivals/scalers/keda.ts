import type { Behavior } from '../../../core/model/behavior.ts'
import { Buckets } from './buckets.ts'
import { Hpa } from './hpa.ts'
import { ExternalMetric } from './hpa-metrics.ts'
import type { Bounds, Scaler, Second } from './scaler.ts'

const SECOND_US = 1_000_000
/** The add-on's ScaledObjects are looked at each 15 s (pkg/k8s/scaledobject.go). */
const POLL_MS = 15_000
/** cooldownPeriod: so long without a request before the last pod goes. */
const COOLDOWN_MS = 300_000
/** requestRate's window. */
const RATE_S = 60

export interface KedaOptions extends Bounds {
  /** Requests in flight, or per second, that one pod is meant to have. */
  target?: number
  metric?: 'concurrency' | 'rate'
  behavior?: Behavior | null
}

/**
 * KEDA with its HTTP add-on: requests pending in the interceptor, passed on or not, go through the
 * external scaler to an HPA; KEDA itself starts the first pod (the interceptor's counts are polled each
 * 500 ms and pushed each 200 ms: at once here) and removes the last. Pending requests are a gauge; here
 * those passed on are the mean of the last second.
 *
 * Source: kedacore/http-add-on at 59b2f6a (June 2026, after 0.15.0), scaler/{config,handlers,queue_pinger}.go,
 * pkg/k8s/scaledobject.go, operator/apis/http/v1alpha1/httpscaledobject_types.go (target 100); kedacore/keda
 * at 8b4f083 (August 2026), pkg/scaling/executor/scale_scaledobjects.go, controllers/keda/hpa.go.
 */
export class Keda implements Scaler {
  private readonly options: KedaOptions
  private readonly hpa: Hpa
  private readonly rate = new Buckets(RATE_S)
  private activeMs: number | null = null

  constructor(options: KedaOptions) {
    const { min, max, target = 100, behavior = null } = options
    this.options = options
    const metric = new ExternalMetric(target, seen => this.value(seen))
    this.hpa = new Hpa({ min: Math.max(1, min), max, metric, behavior })
  }

  second(seen: Second): number | null {
    const { atMs, desired, front } = seen
    this.rate.record(Math.floor(atMs / 1000), front.arrived)
    const to = this.hpa.second(seen)
    if (this.value(seen) > 0 || front.arrived > 0) {
      this.activeMs = atMs
      if (desired === 0) return Math.max(1, this.options.min)
    }
    return this.toZero(desired, atMs) ? 0 : to
  }

  private toZero(desired: number, nowMs: number): boolean {
    if (this.options.min > 0 || desired === 0 || nowMs % POLL_MS !== 0) return false
    return this.activeMs === null || nowMs - this.activeMs > COOLDOWN_MS
  }

  private value({ atMs, front }: Second): number {
    if (this.options.metric === 'rate') return this.rate.mean(Math.floor(atMs / 1000))
    return front.waitingEnd + front.passedIntegral / SECOND_US
  }
}
