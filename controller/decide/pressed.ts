import type { Override } from '../../core/model/decision.ts'
import type { Settings } from '../../core/model/settings.ts'
import type { PlatformEndpoint } from '../../core/model/tables.ts'
import { pinnedReplicas } from './bounds/limits.ts'
import { isStuck } from './bounds/evidence.ts'
import type { ReplicasState } from './replicas-state.ts'
import { total } from './summarise.ts'

/** What samples or windows count of a second: request-us, and rejections by reason. */
interface Counted {
  offered: number
  inFlight: { integral: number }
  queued: { integral: number }
  rejected: Record<string, number>
}

/** Less waiting than one part in this of what is in flight, and fewer turned away of what came, is chance. */
const FEW_PART = 10
const HALF_A_REQUEST = 500_000

/**
 * Whether requests waited or were turned away in a second: what came then should not wait for the next
 * regular decision. An attempt that a sidecar sent back to its edge waits there.
 */
export function isPressed(seconds: readonly Counted[]): boolean {
  const sum = (of: (one: Counted) => number): number =>
    seconds.reduce((all, one) => all + of(one), 0)
  const waiting = sum(one => one.queued.integral)
  const rejected = sum(one => total({ ...one.rejected, 'no-slot': 0, upgrades: 0 }))
  return (
    waiting > Math.max(HALF_A_REQUEST, sum(one => one.inFlight.integral) / FEW_PART) ||
    rejected * FEW_PART > sum(one => one.offered)
  )
}

/**
 * Whether there may be more replicas soon: some are starting, or would be asked for. Then it is worth holding
 * requests for longer than they can be on time.
 */
export function mayGrow(
  { desired, replicas }: PlatformEndpoint,
  state: ReplicasState,
  settings: Settings,
  { overrides, now }: { overrides: readonly Override[]; now: number },
): boolean {
  if (mayAsk(settings, overrides, now) && desired < mostOf(state, settings, now)) return true
  return replicas.some(r => r.state === 'starting' && !isStuck(now - r.started, state))
}

function mayAsk(settings: Settings, overrides: readonly Override[], now: number): boolean {
  const frozen = settings.freeze === 'replicas' || settings.freeze === 'all'
  return !frozen && !settings['advise-only'] && pinnedReplicas(overrides, now) === null
}

function mostOf({ gain }: ReplicasState, settings: Settings, now: number): number {
  const stop = gain?.stop ?? null
  const most = settings['max-replicas']
  return stop === null || now >= stop.until ? most : Math.min(most, stop.most)
}
