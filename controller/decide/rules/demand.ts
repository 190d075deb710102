import type { Summary } from '../../../core/model/decision.ts'
import { clamp } from '../../../core/model/math.ts'
import { startUpMs, windowOf, type ReplicasState, type Sight } from '../replicas-state.ts'
import type { Want } from './rules.ts'

/** Fewer answers than this in 3 s say too little about service time. */
const ENOUGH = 10
const SLOWER = 2

/** Demand of the last 20 s: arrivals x mean service time, or the requests in flight, and the backlog. */
export function byDemand(sight: Sight): Want | null {
  const w = windowOf(sight.inputs, '20')
  return w === null ? null : want('demand', w, sight, serviceUs(sight, ['20', '300']))
}

/**
 * Demand of the last 3 s, where it stands out: arrivals above the noise of those before them, or
 * requests present above the slots and their noise.
 */
export function byBurst(sight: Sight): Want | null {
  const recent = windowOf(sight.inputs, '3')
  if (recent === null) return null
  const service = serviceUs(sight, ['3', '20', '300'])
  if (!arrivalsStandOut(recent, sight) && !presentStandOut(recent, service, sight)) return null
  return want('burst', recent, sight, service)
}

function arrivalsStandOut(recent: Summary, { inputs }: Sight): boolean {
  const longer = windowOf(inputs, '20') ?? recent
  const restSeconds = Math.max(1, longer.seconds - recent.seconds)
  const expected = (Math.max(0, longer.offered - recent.offered) * recent.seconds) / restSeconds
  return recent.offered - expected > 3 * Math.sqrt(Math.max(1, expected))
}

/** Over a span, the mean of what is present varies less the more requests come and go in it. */
function presentStandOut(
  recent: Summary,
  service: number | null,
  { inputs, limit }: Sight,
): boolean {
  const slots = inputs.replicas.desired * limit.limit
  const turns = Math.min(1, (service ?? 0) / (recent.seconds * 1_000_000))
  const presentMilli = recent.inFlightMilli + recent.queuedMilli + recent.heldMilli
  return presentMilli > (slots + 3 * Math.sqrt(slots * turns)) * 1000
}

function want(rule: 'demand' | 'burst', w: Summary, sight: Sight, service: number | null): Want {
  const { settings, limit, state } = sight
  const targetPermille = settings['target-utilization']
  const demandMilli = demandOf(w, service, state)
  const needMilli = Math.ceil((demandMilli * 1000) / (targetPermille * limit.limit))
  return {
    rule,
    needMilli,
    numbers: {
      demandMilli,
      limit: limit.limit,
      targetPermille,
      weighed: weighedOffered(w, state),
      offered: w.offered,
      serviceUs: Math.round(service ?? 0),
    },
  }
}

/** Requests at once x 1000 that a window stands for (Little's law), with what it takes to drain the backlog. */
export function demandOf(w: Summary, service: number | null, state: ReplicasState): number {
  const work =
    service === null ? 0 : (weighedOffered(w, state) * service) / (Math.max(1, w.seconds) * 1000)
  const backlog = w.queuedMilli + w.heldMilli
  const drainUs = clamp(startUpMs(state), 5000, 30_000) * 1000
  const drain = service === null ? backlog : Math.min(backlog, (backlog * service) / drainUs)
  return Math.round(Math.max(work, w.inFlightMilli) + drain)
}

/**
 * Arrivals, of which the rejected count at most as much as the admitted, or as the arrivals did when
 * the overload began: their retries must not ask for more replicas without end.
 */
export function weighedOffered(w: Summary, state: ReplicasState): number {
  const rejected = Math.min(w.rejected, w.offered)
  const served = w.offered - rejected
  const atOnset = Math.round(((state.overload?.offeredMilli ?? 0) * w.seconds) / 1000)
  return served + Math.min(rejected, Math.max(served, atOnset - served))
}

/**
 * Mean service time of successes in us, from the first of these windows that has enough; then as
 * learned. At most twice that of calmer times: where something shared is full, each replica more makes
 * every request slower, and arrivals x service time would run away.
 */
export function serviceUs(sight: Sight, spans: readonly ('3' | '20' | '300')[]): number | null {
  const { calmUs } = sight.state
  const most = calmUs === null ? Infinity : SLOWER * calmUs
  for (const span of spans) {
    const mean = meanUs(windowOf(sight.inputs, span), span === '3' ? ENOUGH : 1)
    if (mean !== null) return Math.min(mean, most)
  }
  return sight.limit.serviceUs
}

function meanUs(w: Summary | null, enough: number): number | null {
  return w === null || w.serviceCount < enough ? null : w.serviceSum / w.serviceCount
}
