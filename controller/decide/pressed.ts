import type { Override } from '../../core/model/decision.ts'
import type { Settings } from '../../core/model/settings.ts'
import type { PlatformEndpoint } from '../../core/model/tables.ts'
import { isStuck } from './bounds/evidence.ts'
import { pinnedReplicas } from './bounds/limits.ts'
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
 * Whether requests waited or were turned away in a second: what came then should not wait for the next regular
 * decision. Behind a plain Service some wait at one sidecar by chance while another has room: there it takes more
 * waiting than in flight. An attempt that a sidecar sent back to its edge waits there.
 */
export function isPressed(edges: Counted, replicas: Counted): boolean {
  const rejected = [edges, replicas].reduce(
    (sum, one) => sum + total({ ...one.rejected, 'no-slot': 0, upgrades: 0 }),
    0,
  )
  const inFlight = replicas.inFlight.integral
  return (
    edges.queued.integral > Math.max(HALF_A_REQUEST, inFlight / FEW_PART) ||
    replicas.queued.integral > Math.max(HALF_A_REQUEST, inFlight) ||
    rejected * FEW_PART > edges.offered + replicas.offered
  )
}

/** What a controller knows besides of whether it can have more replicas. */
export interface Means {
  overrides: readonly Override[]
  now: number
  /** It sees the requests, and may act: no window, or a log that failed, asks for nothing. */
  able: boolean
}

/**
 * Whether there may be more replicas soon: some are starting, or would be asked for. Then it is worth holding
 * requests for longer than they can be on time. Where one start is stuck, another would be too.
 */
export function mayGrow(
  { desired, replicas }: PlatformEndpoint,
  state: ReplicasState,
  settings: Settings,
  { overrides, now, able }: Means,
): boolean {
  const starting = replicas.filter(r => r.state === 'starting')
  const stuck = starting.filter(r => isStuck(now - r.started, state)).length
  if (starting.length > stuck) return true
  return (
    able &&
    stuck === 0 &&
    mayAsk(settings, overrides, now) &&
    desired < mostOf(state, settings, now)
  )
}

function mayAsk(settings: Settings, overrides: readonly Override[], now: number): boolean {
  const frozen = settings.freeze === 'replicas' || settings.freeze === 'all'
  const disabled = settings.behavior?.scaleUp?.selectPolicy === 'Disabled'
  const pinned = pinnedReplicas(overrides, now) !== null
  return !frozen && !disabled && !pinned && !settings['advise-only']
}

function mostOf({ gain }: ReplicasState, settings: Settings, now: number): number {
  const stop = gain?.stop ?? null
  const most = settings['max-replicas']
  return stop === null || now >= stop.until ? most : Math.min(most, stop.most)
}
