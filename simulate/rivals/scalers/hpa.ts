import type { Behavior } from '../../../core/model/behavior.ts'
import { HpaLimits } from './hpa-limits.ts'
import type { Metric } from './hpa-metrics.ts'
import type { Bounds, Scaler, Second } from './scaler.ts'

/** --horizontal-pod-autoscaler-sync-period */
const SYNC_MS = 15_000
/** --horizontal-pod-autoscaler-tolerance */
const TOLERANCE = 0.1

interface HpaOptions extends Bounds {
  metric: Metric
  /** As in autoscaling/v2; null where the object has none, as is the default. */
  behavior?: Behavior | null
}

/**
 * Kubernetes' HorizontalPodAutoscaler, autoscaling/v2, with one metric: a sync each 15 s.
 *
 * Source: Kubernetes 1.36.3, pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler,
 * tolerancesForHpa), config/v1alpha1/defaults.go.
 */
export class Hpa implements Scaler {
  private readonly options: HpaOptions
  private readonly limits: HpaLimits

  constructor(options: HpaOptions) {
    this.options = options
    this.limits = new HpaLimits(options, options.behavior ?? null)
  }

  second(seen: Second): number | null {
    const { metric } = this.options
    metric.second(seen)
    if (seen.atMs % SYNC_MS !== 0) return null
    const { desired: current, atMs } = seen
    this.limits.begin(current, atMs)
    const to = this.sync(seen)
    if (to === null || to === current) return null
    this.limits.changed(current, to, atMs)
    return to
  }

  private sync(seen: Second): number | null {
    const { min, max, metric, behavior } = this.options
    const { desired: current, atMs } = seen
    // Somebody has scaled it to zero: the autoscaler keeps out.
    if (current === 0) return null
    if (current > max) return max
    if (current < min) return min
    const wanted = metric.replicas(seen, {
      up: behavior?.scaleUp?.tolerance ?? TOLERANCE,
      down: behavior?.scaleDown?.tolerance ?? TOLERANCE,
    })
    return wanted === null ? null : this.limits.normalise(current, wanted, atMs)
  }
}
