import type { Behavior, ScalingRules } from '../../../core/model/behavior.ts'
import type { Bounds } from './scaler.ts'

type Policies = NonNullable<ScalingRules['policies']>

/** What a `behavior` block leaves out (pkg/apis/autoscaling/v2/defaults.go). */
const UP: Required<Omit<ScalingRules, 'tolerance'>> = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const DOWN: Required<Omit<ScalingRules, 'tolerance'>> = {
  stabilizationWindowSeconds: 300,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
}

interface Stamped {
  atMs: number
  count: number
}

/**
 * How far one sync may move the count: the highest of the last 5 min on the way down, at most to twice
 * the count or 4 on the way up; with a `behavior` block, what it says.
 *
 * Source: Kubernetes 1.36.3, pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas and
 * normalizeDesiredReplicasWithBehaviors, and what they call).
 */
export class HpaLimits {
  private readonly bounds: Bounds
  private readonly behavior: Behavior | null
  private recommended: Stamped[] | null = null
  private ups: Stamped[] = []
  private downs: Stamped[] = []

  constructor(bounds: Bounds, behavior: Behavior | null) {
    this.bounds = bounds
    this.behavior = behavior
  }

  /** What is there at the first sync counts as recommended. */
  begin(current: number, nowMs: number): void {
    this.recommended ??= [{ atMs: nowMs, count: current }]
  }

  normalise(current: number, wanted: number, nowMs: number): number {
    this.begin(current, nowMs)
    const { behavior } = this
    const up = { ...UP, ...behavior?.scaleUp }
    const down = { ...DOWN, ...behavior?.scaleDown }
    const stable =
      behavior === null
        ? this.highest(wanted, nowMs)
        : this.stable(current, wanted, up, down, nowMs)
    this.recommend(
      wanted,
      nowMs,
      Math.max(up.stabilizationWindowSeconds, down.stabilizationWindowSeconds),
    )
    return behavior === null
      ? this.plain(current, stable)
      : this.limited(current, stable, up, down, nowMs)
  }

  /** The count was changed. */
  changed(from: number, to: number, nowMs: number): void {
    if (this.behavior === null) return
    if (to > from) this.ups = [...recent(this.ups, nowMs, 1800), { atMs: nowMs, count: to - from }]
    else this.downs = [...recent(this.downs, nowMs, 1800), { atMs: nowMs, count: from - to }]
  }

  private recommend(count: number, nowMs: number, windowS: number): void {
    const kept = (this.recommended ?? []).filter(({ atMs }) => atMs >= nowMs - windowS * 1000)
    this.recommended = [...kept, { atMs: nowMs, count }]
  }

  private highest(wanted: number, nowMs: number): number {
    const cutoff = nowMs - DOWN.stabilizationWindowSeconds * 1000
    return (this.recommended ?? []).reduce(
      (most, { atMs, count }) => (atMs >= cutoff ? Math.max(most, count) : most),
      wanted,
    )
  }

  private plain(current: number, wanted: number): number {
    const { min, max } = this.bounds
    const most = Math.min(max, Math.max(2 * current, 4))
    return wanted < min ? min : Math.min(wanted, most)
  }

  private stable(
    current: number,
    wanted: number,
    up: typeof UP,
    down: typeof DOWN,
    nowMs: number,
  ): number {
    const past = this.recommended ?? []
    const counts = (windowS: number): number[] => recent(past, nowMs, windowS).map(r => r.count)
    const low = Math.min(wanted, ...counts(up.stabilizationWindowSeconds))
    const high = Math.max(wanted, ...counts(down.stabilizationWindowSeconds))
    return Math.min(Math.max(current, low), high)
  }

  private limited(
    current: number,
    wanted: number,
    up: typeof UP,
    down: typeof DOWN,
    nowMs: number,
  ): number {
    const { min, max } = this.bounds
    if (wanted > current) {
      const most = Math.max(current, this.policy(current, up, 1, nowMs))
      return Math.min(wanted, max, most)
    }
    if (wanted < current) {
      const least = Math.min(current, this.policy(current, down, -1, nowMs))
      return Math.max(wanted, min, least)
    }
    return wanted
  }

  /** How far the policies of one direction let the count go. */
  private policy(
    current: number,
    { selectPolicy, policies }: typeof UP,
    sign: 1 | -1,
    nowMs: number,
  ): number {
    if (selectPolicy === 'Disabled') return current
    const proposals = policies.map(policy => this.proposal(current, policy, sign, nowMs))
    // The greatest change is the highest count on the way up, the lowest on the way down.
    return (selectPolicy === 'Max') === (sign === 1)
      ? Math.max(...proposals)
      : Math.min(...proposals)
  }

  private proposal(
    current: number,
    { type, value, periodSeconds }: Policies[number],
    sign: 1 | -1,
    nowMs: number,
  ): number {
    const before = (events: Stamped[]): number =>
      recent(events, nowMs, periodSeconds).reduce((total, { count }) => total + count, 0)
    const start = current - before(this.ups) + before(this.downs)
    if (type === 'Pods') return start + sign * value
    const to = start * (1 + (sign * value) / 100)
    return sign === 1 ? Math.ceil(to) : Math.trunc(to)
  }
}

function recent(past: readonly Stamped[], nowMs: number, windowS: number): Stamped[] {
  return past.filter(({ atMs }) => atMs > nowMs - windowS * 1000)
}
