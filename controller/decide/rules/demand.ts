import type { Summary } from '../../../core/model/decision.ts'
import { clamp } from '../../../core/model/math.ts'
import { startUpMs, windowOf, type Sight } from '../replicas-state.ts'
import type { Want } from './want.ts'

/** A count varies by about its root: what is more than three times that away is no chance. */
export const NOISE = 3
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
 * requests present above the slots and their noise. Of a jump the newest second knows most.
 */
export function byBurst(sight: Sight): Want | null {
  const recent = windowOf(sight.inputs, '3')
  if (recent === null) return null
  const service = serviceUs(sight, ['3', '20', '300'])
  if (!arrivalsStandOut(recent, sight) && !presentStandOut(recent, service, sight)) return null
  return want('burst', sharpened(recent, sight), sight, service)
}

/** Three seconds like the newest, as far as that is no chance, where it had more arrivals than they. */
function sharpened(recent: Summary, { inputs }: Sight): Summary {
  const newest = inputs.offeredPerSecond.at(-1) ?? 0
  const sure = Math.round((newest - NOISE * Math.sqrt(newest)) * recent.seconds)
  return { ...recent, offered: Math.max(recent.offered, sure) }
}

function arrivalsStandOut(recent: Summary, { inputs }: Sight): boolean {
  const longer = windowOf(inputs, '20') ?? recent
  const restSeconds = Math.max(1, longer.seconds - recent.seconds)
  const expected = (Math.max(0, longer.offered - recent.offered) * recent.seconds) / restSeconds
  return recent.offered - expected > NOISE * Math.sqrt(Math.max(1, expected))
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
  return presentMilli > (slots + NOISE * Math.sqrt(slots * turns)) * 1000
}

function want(rule: 'demand' | 'burst', w: Summary, sight: Sight, service: number | null): Want {
  const { settings, limit } = sight
  const { demandMilli, lastingMilli } = demandOf(w, service, sight)
  return {
    rule,
    needMilli: needOf(demandMilli, sight),
    lastingMilli: needOf(lastingMilli, sight),
    numbers: {
      demandMilli,
      limit: limit.limit,
      targetPermille: settings['target-utilization'],
      weighed: weighedOffered(w, sight),
      offered: w.offered,
      serviceUs: Math.round(service ?? 0),
    },
  }
}

/** So many requests at once fill exactly the target's share of the slots. At 80 % that is two of their roots: chance goes beyond one time in 40. */
const REFERENCE = 64
/** While there is this share of the headroom, there are enough replicas: less, and noise alone would add some. */
const ENOUGH_HEADROOM = 0.7

/**
 * Replicas x 1000 for so many requests at once x 1000, with headroom for their noise: requests at once vary by
 * the root of their mean, so headroom grows as the root, and large endpoints need a smaller share of it (the
 * square-root staffing rule: Halfin and Whitt 1981, Kolesar and Green 1998). What there is, is kept until a third
 * of its headroom is used up: noise alone adds nothing.
 */
export function needOf(demandMilli: number, { inputs, settings, limit }: Sight): number {
  const demand = demandMilli / 1000
  const z = Math.sqrt(REFERENCE) * (1000 / settings['target-utilization'] - 1)
  const headroom = z * Math.sqrt(demand)
  const needMilli = (share: number): number =>
    Math.ceil(((demand + share * headroom) * 1000) / limit.limit)
  const there = inputs.replicas.desired * 1000
  return needMilli(ENOUGH_HEADROOM) <= there ? Math.min(there, needMilli(1)) : needMilli(1)
}

/** Requests at once x 1000. */
export interface Demand {
  /** With what it takes to drain the backlog. */
  demandMilli: number
  /** Without. */
  lastingMilli: number
}

/** The requests at once that a window stands for (Little's law). */
export function demandOf(w: Summary, service: number | null, sight: Sight): Demand {
  const workOf = (offered: number): number =>
    service === null ? 0 : (offered * service) / (Math.max(1, w.seconds) * 1000)
  const work = workOf(weighedOffered(w, sight))
  const backlog = w.queuedMilli + w.heldMilli
  const drainUs = clamp(startUpMs(sight.state), 5000, 30_000) * 1000
  const drain =
    service === null
      ? backlog
      : Math.min(backlog, (backlog * service) / drainUs, Math.max(1000, work))
  // A backlog fills what slots there are while it drains: that is no need for just as many when it is gone, nor
  // at once where it is one of retries.
  const own = service === null ? w.inFlightMilli + drain : w.inFlightMilli - backlog
  const overload = sight.state.overload !== null && service !== null
  const present = Math.max(work, overload ? own : w.inFlightMilli)
  const lasting = Math.max(workOf(lastingOffered(w, sight)), own)
  return { demandMilli: Math.round(present + drain), lastingMilli: Math.round(lasting) }
}

/**
 * Arrivals without those that may be here again: in an overload as many as when it began, or twice what is
 * left when each that came to nothing lately has been sent once more. Retries must not ask for replicas without
 * end, nor while they are served at last; what really grows is doubled with each start-up.
 */
export function weighedOffered(w: Summary, sight: Sight): number {
  const { overload } = sight.state
  if (overload === null) return w.offered
  const atOnset = Math.round((overload.offeredMilli * w.seconds) / 1000)
  return Math.min(w.offered, Math.max(atOnset, 2 * (w.offered - againOf(w, sight))))
}

/**
 * Arrivals that will be there when the overload is over: what retries ask for goes with them. Where clients do not come
 * again it is too few, until those that are served then are seen.
 */
function lastingOffered(w: Summary, sight: Sight): number {
  return sight.state.overload === null ? w.offered : Math.max(0, w.offered - againOf(w, sight))
}

/** As many as came to nothing lately in such a time: each may have been sent once more. */
function againOf(w: Summary, { inputs }: Sight): number {
  const rates = (['3', '20'] as const).map(span => {
    const seen = windowOf(inputs, span) ?? w
    return futileOf(seen) / Math.max(1, seen.seconds)
  })
  return Math.round(Math.max(...rates) * w.seconds)
}

/**
 * Arrivals that were turned away, or whose clients gave up while others waited: they may come again. Clients that
 * leave in calm have had enough.
 */
export function futileOf(w: Summary): number {
  const waits = (w.queuedMilli + w.heldMilli) * 10 > w.inFlightMilli
  return Math.min(w.offered, w.rejected + (waits ? w.abandoned : 0))
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
