import { exp, log } from '../../../core/model/math.ts'
import type { ScalingRules } from '../../../core/model/behavior.ts'
import type { Settings } from '../../../core/model/settings.ts'
import { extreme, sumWithin } from '../history.ts'
import { startUpMs, type Sight, type Stamped } from '../replicas-state.ts'
import { count, unchanged, type Bounded } from './bounded.ts'
import { keptOf, learnedRelease, type Release } from './returns.ts'

/**
 * `behavior` as the HorizontalPodAutoscaler (autoscaling/v2) means it. A direction that it leaves out
 * keeps Outrigger's own: up at once, down after scale-down-window. Within a direction, what is left out
 * is as in Kubernetes.
 */
const UP_POLICIES: NonNullable<ScalingRules['policies']> = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
]
const DOWN_POLICIES: NonNullable<ScalingRules['policies']> = [
  { type: 'Percent', value: 100, periodSeconds: 15 },
]

/** For so long every need is remembered, also what does not last. */
export const RECENT_MS = 60_000

/** What goes when: a window that is given keeps all until its end, a learned one lets go bit by bit. */
function releaseOf({ settings, state }: Sight): Release {
  const given = fixedWindowMs(settings)
  return given === null
    ? learnedRelease(state.returns ?? [], startUpMs(state))
    : { windowMs: given, power: Infinity }
}

/** How long nothing has to be asked for until the last replica goes, ms: until less than half of it is kept. */
export function idleMs(sight: Sight): number {
  const { windowMs, power } = releaseOf(sight)
  return Math.ceil(windowMs * exp(log(0.5) / power))
}

/** The scale-down window that somebody asked for, ms, or null. */
export function fixedWindowMs(settings: Settings): number | null {
  const seconds = settings.behavior?.scaleDown?.stabilizationWindowSeconds
  return seconds === undefined ? settings['scale-down-window'] : seconds * 1000
}

export function upWindowMs(settings: Settings): number {
  return (settings.behavior?.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000
}

/** The longest period of any policy, ms: events are kept for so long. */
export function longestPeriodMs({ behavior }: Settings): number {
  const policies = [
    ...policiesOf(behavior?.scaleUp, UP_POLICIES),
    ...policiesOf(behavior?.scaleDown, DOWN_POLICIES),
  ]
  return policies.reduce((most, p) => Math.max(most, p.periodSeconds * 1000), 0)
}

function policiesOf(
  rules: ScalingRules | undefined,
  otherwise: NonNullable<ScalingRules['policies']>,
): NonNullable<ScalingRules['policies']> {
  return rules === undefined ? [] : (rules.policies ?? otherwise)
}

/** Stabilisation: the count moves only as far as every need of the window agrees. */
export function window(milli: number, sight: Sight): Bounded {
  const { inputs, state, settings, now } = sight
  const from = inputs.replicas.desired * 1000
  const release = releaseOf(sight)
  const downMs = release.windowMs
  const upMs = upWindowMs(settings)
  // What a backlog needs for a time goes a minute after it was wanted last, not as soon as it is served.
  const soon = extreme(state.recent ?? [], milli, now, Math.min(downMs, RECENT_MS), 1)
  const high = kept(state.highs, soon, now, release)
  const low = extreme(state.lows, milli, now, upMs, -1)
  if (milli < from) {
    // Nothing is remembered yet: what there is was wanted by whoever decided before.
    const held = state.highs.length === 0 && downMs > 0 ? from : Math.min(from, high)
    const numbers = { wanted: count(milli), held: count(held), windowMs: downMs }
    return { milli: held, numbers, reason: count(held) > count(milli) ? 'scale-down-window' : null }
  }
  const held = Math.max(from, low)
  const numbers = { wanted: count(milli), held: count(held), windowMs: upMs }
  const holds = milli > from && count(held) < count(milli)
  return { milli: milli > from ? held : milli, numbers, reason: holds ? 'scale-up-window' : null }
}

/** What of earlier needs is still kept. */
function kept(highs: Stamped[], milli: number, now: number, release: Release): number {
  if (release.power === Infinity) return extreme(highs, milli, now, release.windowMs, 1)
  const least = count(milli)
  return highs
    .filter(([at]) => at > now - release.windowMs)
    .map(([at, high]) => least + Math.round((count(high) - least) * keptOf(now - at, release)))
    .reduce((most, held) => (held > least ? Math.max(most, held * 1000) : most), milli)
}

export function upPolicy(milli: number, { inputs, state, settings, now }: Sight): Bounded {
  const rules = settings.behavior?.scaleUp
  const from = inputs.replicas.desired
  if (rules === undefined || milli <= from * 1000) return unchanged(milli)
  const proposals = policiesOf(rules, UP_POLICIES).map(({ type, value, periodSeconds }) => {
    const start = periodStart(from, state, now, periodSeconds)
    return type === 'Pods' ? start + value : Math.ceil((start * (100 + value)) / 100)
  })
  const allowed = Math.max(from, selected(rules, proposals, from, 1))
  const numbers = { allowed, wanted: count(milli) }
  if (count(milli) <= allowed) return unchanged(milli, numbers)
  return { milli: allowed * 1000, numbers, reason: 'scale-up-policy' }
}

export function downPolicy(milli: number, { inputs, state, settings, now }: Sight): Bounded {
  const rules = settings.behavior?.scaleDown
  const from = inputs.replicas.desired
  if (rules === undefined || milli >= from * 1000) return unchanged(milli)
  const proposals = policiesOf(rules, DOWN_POLICIES).map(({ type, value, periodSeconds }) => {
    const start = periodStart(from, state, now, periodSeconds)
    return type === 'Pods' ? start - value : Math.floor((start * (100 - value)) / 100)
  })
  const allowed = Math.max(0, Math.min(from, selected(rules, proposals, from, -1)))
  const numbers = { allowed, wanted: count(milli) }
  if (count(milli) >= allowed) return unchanged(milli, numbers)
  return { milli: allowed * 1000, numbers, reason: 'scale-down-policy' }
}

/** How many there were when the period began. */
function periodStart(from: number, state: Sight['state'], now: number, seconds: number): number {
  const periodMs = seconds * 1000
  return from - sumWithin(state.added, now, periodMs) + sumWithin(state.removed, now, periodMs)
}

/** Max chooses the policy that changes most, Min the least; Disabled allows no change. */
function selected(rules: ScalingRules, proposals: number[], from: number, sign: 1 | -1): number {
  if (rules.selectPolicy === 'Disabled') return from
  const most = (rules.selectPolicy ?? 'Max') === 'Max'
  return most === (sign === 1) ? Math.max(...proposals) : Math.min(...proposals)
}
