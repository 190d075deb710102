import { clamp } from '../../../core/model/math.ts'
import type { Random } from '../../random.ts'
import type { Proxied } from '../fronts/proxied.ts'
import { Buckets } from './buckets.ts'
import { KPA_DEFAULTS, KpaRule, TICK_MS, type KpaTerms } from './kpa-rule.ts'
import type { Bounds, Scaler, Second } from './scaler.ts'
import { scrape } from './scrape.ts'

const SECOND_US = 1_000_000
/** A revision stays behind the activator for so long before its last pod goes (scale-to-zero-grace-period). */
const GRACE_MS = 30_000
/** container-concurrency-target-default, for a revision without a limit. */
const DEFAULT_CONCURRENCY = 100

export interface KpaOptions extends Bounds {
  /** 0 for no limit. */
  containerConcurrency: number
  /** % of it that is aimed for (container-concurrency-target-percentage). */
  target?: number
  terms?: Partial<KpaTerms>
  proxied: Proxied
  random: Random
}

/**
 * Knative's pod autoscaler on concurrency: queue-proxies are scraped and activators report each second,
 * windows of 60 s and 6 s, a tick each 2 s, and whether the activator is in the way. Nothing is late
 * here: a report is at most a second old, and what is decided is so at once.
 *
 * Source: Knative Serving at 98e5ef9 (August 2026), pkg/autoscaler/metrics/collector.go,
 * pkg/autoscaler/scaling/multiscaler.go, pkg/activator/handler/concurrency_reporter.go,
 * pkg/reconciler/autoscaling/{kpa/kpa,kpa/scaler,resources/target,resources/metric}.go.
 */
export class Kpa implements Scaler {
  private readonly options: KpaOptions
  private readonly terms: KpaTerms
  private readonly stable: Buckets
  private readonly panic: Buckets
  private rule: KpaRule | null = null
  /** The last decision, before the bounds; -1 before the first. */
  private latest = -1
  private activatorIdle = true
  private proxiedSinceMs = -Infinity
  private activeSinceMs: number | null = null

  constructor(options: KpaOptions) {
    const { containerConcurrency: limit, target = 70, terms = {} } = options
    const totalValue = limit === 0 ? DEFAULT_CONCURRENCY : limit
    const targetValue = Math.max(0.01, (totalValue * target) / 100)
    this.options = options
    this.terms = { ...KPA_DEFAULTS, targetValue, totalValue, ...terms }
    const windowS = Math.round(this.terms.stableWindowMs / 1000)
    this.stable = new Buckets(windowS)
    this.panic = new Buckets(Math.max(1, Math.round(windowS / 10)))
  }

  second(seen: Second): number | null {
    const { atMs, pods } = seen
    const second = Math.floor(atMs / 1000)
    const ready = pods.filter(pod => pod.ready && !pod.leaving)
    this.rule ??= new KpaRule(this.terms, ready.length, atMs)
    if (ready.length === 0) this.activeSinceMs = null
    else this.activeSinceMs ??= atMs
    const { activator, direct } = this.gather(seen, ready)
    if (activator !== null) this.record(second, activator)
    if (ready.length > 0) this.record(second, direct)
    // The first request of a revision at zero makes the autoscaler look at once.
    const poked = this.latest === 0 && (activator ?? 0) > 0
    if ((atMs % TICK_MS !== 0 && !poked) || this.stable.empty(second)) return null
    const observed = {
      stable: this.stable.mean(second),
      panic: this.panic.mean(second),
      ready: ready.length,
    }
    const { pods: wanted, excess } = this.rule.scale(observed, atMs)
    this.latest = wanted
    return this.apply(wanted, excess, atMs)
  }

  /** Requests in flight as the activator tells (null where it tells nothing), and as queue-proxies do, less those. */
  private gather(
    { atMs, pods, front }: Second,
    ready: Second['pods'],
  ): { activator: number | null; direct: number } {
    const { proxied, random } = this.options
    const passed = proxied.take()
    const total = pods.reduce((sum, { presentIntegral }) => sum + presentIntegral, 0)
    // A queue-proxy tells which of its requests came by way of the activator; here all have the same share.
    const own = total === 0 ? 0 : Math.max(0, 1 - passed / total)
    const sampled = { atMs, youngMs: this.terms.stableWindowMs, random }
    const direct = scrape(ready, sampled, pod => (pod.presentIntegral * own) / SECOND_US)
    const mean = (front.waitingIntegral + passed) / SECOND_US
    if (mean === 0) {
      const tells = !this.activatorIdle
      this.activatorIdle = true
      return { activator: tells ? 0 : null, direct }
    }
    // It reports its first request at once, as one in flight.
    const activator = this.activatorIdle ? Math.max(1, mean) : mean
    this.activatorIdle = false
    return { activator, direct }
  }

  private record(second: number, concurrency: number): void {
    this.stable.record(second, concurrency)
    this.panic.record(second, concurrency)
  }

  private apply(wanted: number, excess: number, nowMs: number): number | null {
    const { min, max } = this.options
    const to = clamp(wanted, min, max)
    if (to > 0) return this.ask(to, excess < 0, nowMs)
    // To zero only one that has served for a stable window, and has been behind the activator for the grace.
    const active = this.activeSinceMs === null ? Infinity : nowMs - this.activeSinceMs
    if (active < this.terms.stableWindowMs) return this.ask(1, excess < 0, nowMs)
    this.ask(0, true, nowMs)
    return nowMs - this.proxiedSinceMs >= GRACE_MS ? 0 : null
  }

  private ask(pods: number, through: boolean, nowMs: number): number {
    const { proxied } = this.options
    if (through && !proxied.through) this.proxiedSinceMs = nowMs
    proxied.through = through
    return pods
  }
}
