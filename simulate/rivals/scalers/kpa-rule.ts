/** Tick of the autoscaler (pkg/autoscaler/scaling/multiscaler.go), ms. */
export const TICK_MS = 2000

export interface KpaTerms {
  /** Requests in flight that one pod is meant to have (after utilisation), and those it may have. */
  targetValue: number
  totalValue: number
  maxScaleUpRate: number
  maxScaleDownRate: number
  /** Panic begins where the panic window needs this many times the ready pods. */
  panicThreshold: number
  stableWindowMs: number
  scaleDownDelayMs: number
  /** The least that is started from zero; 0 for none. */
  activationScale: number
  /** Requests to be taken without waiting in a pod; -1 for unlimited, 0 for none. */
  targetBurstCapacity: number
}

/** As config-autoscaler ships them (pkg/autoscaler/config/config.go). */
export const KPA_DEFAULTS = {
  maxScaleUpRate: 1000,
  maxScaleDownRate: 2,
  panicThreshold: 2,
  stableWindowMs: 60_000,
  scaleDownDelayMs: 0,
  activationScale: 0,
  targetBurstCapacity: 211,
} as const

/** What the windows say: requests in flight of the whole revision. */
interface Observed {
  stable: number
  panic: number
  ready: number
}

/**
 * Knative's pod autoscaler: the rule alone. One that begins with more than one ready pod begins in panic.
 *
 * Source: Knative Serving at 98e5ef9 (August 2026), pkg/autoscaler/scaling/autoscaler.go,
 * pkg/autoscaler/aggregation/max/{timewindow,window}.go.
 */
export class KpaRule {
  private readonly terms: KpaTerms
  private panicMs: number | null
  private panicPods: number
  /** Of the delay window: what was wanted in each tick, falling. */
  private wanted: { tick: number; pods: number }[] = []

  constructor(terms: KpaTerms, ready: number, nowMs: number) {
    this.terms = terms
    this.panicMs = ready > 1 ? nowMs : null
    this.panicPods = ready
  }

  get panics(): boolean {
    return this.panicMs !== null
  }

  scale({ stable, panic, ready }: Observed, nowMs: number): { pods: number; excess: number } {
    const { terms } = this
    const stablePods = Math.ceil(stable / terms.targetValue)
    const panicPods = Math.ceil(panic / terms.targetValue)
    const least = Math.max(1, ready)
    this.alarm(panicPods / least >= terms.panicThreshold, nowMs)
    let pods = this.bounded(stablePods, least)
    if (this.panicMs !== null) {
      this.panicPods = Math.max(this.panicPods, pods, this.bounded(panicPods, least))
      pods = this.panicPods
    }
    return { pods: this.delayed(pods, nowMs), excess: this.excess(panic, ready) }
  }

  private alarm(over: boolean, nowMs: number): void {
    if (over) this.panicMs = nowMs
    else if (this.panicMs !== null && this.panicMs + this.terms.stableWindowMs < nowMs) {
      this.panicMs = null
      this.panicPods = 0
    }
  }

  private bounded(pods: number, ready: number): number {
    const { maxScaleUpRate, maxScaleDownRate, activationScale } = this.terms
    const most = Math.ceil(maxScaleUpRate * ready)
    const bounded = Math.min(Math.max(pods, Math.floor(ready / maxScaleDownRate)), most)
    return activationScale > 1 && pods > 0 ? Math.max(bounded, activationScale) : bounded
  }

  private delayed(pods: number, nowMs: number): number {
    const { scaleDownDelayMs } = this.terms
    if (scaleDownDelayMs === 0) return pods
    const tick = Math.floor(nowMs / TICK_MS)
    const ticks = Math.ceil(scaleDownDelayMs / TICK_MS)
    this.wanted = this.wanted.filter(past => past.pods > pods && tick - past.tick < ticks)
    this.wanted.push({ tick, pods })
    return this.wanted[0]?.pods ?? pods
  }

  /** Below 0, the activator belongs in the way. */
  private excess(panic: number, ready: number): number {
    const { targetBurstCapacity: burst, totalValue } = this.terms
    if (burst === 0) return 0
    return burst < 0 ? -1 : Math.floor(ready * totalValue - burst - panic)
  }
}
