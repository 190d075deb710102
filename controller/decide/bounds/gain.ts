import type { Summary } from '../../../core/model/decision.ts'
import { clamp } from '../../../core/model/math.ts'
import { windowOf, type Gain, type Sight } from '../replicas-state.ts'
import { count, unchanged, type Bounded } from './bounded.ts'

/** A point of throughput against replicas takes this long to gather, or four service times. */
const POINT_MS = 20_000
const LONGEST_POINT_MS = 120_000
/** Points are compared when replicas grew by this much, and a trial grows by as much. */
const GROWTH_PERMILLE = 1250
/** Less than one part in this of what the added replicas should bring is no gain. */
const LEAST_PART = 4
const STOP_MS = 300_000
const LONGEST_STOP_MS = 3_600_000

/** Added replicas that brought no throughput while there was more to do: no more of them for a while. */
export function noGain(milli: number, { inputs, state, now }: Sight): Bounded {
  const stop = state.gain?.stop ?? null
  if (stop === null) return unchanged(milli)
  const trial = Math.ceil((stop.most * GROWTH_PERMILLE) / 1000)
  const most = Math.max(inputs.replicas.desired, now < stop.until ? stop.most : trial)
  const numbers = { added: stop.added, wanted: count(milli), most }
  if (count(milli) <= most) return unchanged(milli, numbers)
  return { milli: most * 1000, numbers, reason: 'no-gain' }
}

/** Follows throughput against ready replicas for as long as they are saturated. */
export function observeGain(sight: Sight): Gain | null {
  const { inputs, state, now } = sight
  const w = windowOf(inputs, '20')
  if (w === null) return state.gain
  if (!isSaturated(w)) return null
  const { ready, desired } = inputs.replicas
  const gain = state.gain ?? { since: now, low: ready, reference: null, stop: null, stops: 0 }
  const serviceMs = w.serviceCount === 0 ? 0 : w.serviceSum / w.serviceCount / 1000
  const gathered = { ...gain, low: Math.min(gain.low, ready) }
  if (now - gain.since < clamp(4 * serviceMs, POINT_MS, LONGEST_POINT_MS)) return gathered
  return { ...compared(gathered, { ready, ok: w.ok, desired }, now), since: now, low: ready }
}

/** Most of the time at the limit, or turning requests away, or keeping many waiting. */
export function isSaturated(w: Summary): boolean {
  const waitingMilli = w.queuedMilli + w.heldMilli
  return (
    w.boundPermille >= 500 ||
    w.rejected * 20 > w.offered ||
    (waitingMilli >= 1000 && waitingMilli * 4 > w.inFlightMilli)
  )
}

interface Point {
  ready: number
  ok: number
  desired: number
}

/**
 * A point counts as many replicas as were ready throughout, its reference as many as were ready at any
 * time of it, so that those that have just come are not held against the throughput.
 */
function compared(gain: Gain, { ready, ok, desired }: Point, now: number): Gain {
  const { reference, stop, low } = gain
  const here = { ready, ok }
  if (reference === null || reference.ready === 0) return { ...gain, reference: here }
  // Two counts of `ok` differ by chance by about the root of their sum.
  const noise = 4 * Math.sqrt(2 * reference.ok)
  const gained = ok - reference.ok
  if (stop !== null && gained > noise && gained * LEAST_PART > reference.ok) {
    return { ...gain, reference: here, stop: null }
  }
  if (stop !== null && now < stop.until) {
    return { ...gain, reference: { ready: Math.max(ready, reference.ready), ok: reference.ok } }
  }
  if (stop === null && ready <= reference.ready) return { ...gain, reference: here }
  if (low * 1000 < reference.ready * GROWTH_PERMILLE) return gain
  const added = low - reference.ready
  const expected = (reference.ok * added) / reference.ready
  if (gained * LEAST_PART >= expected || expected <= noise) {
    return { ...gain, reference: here, stop: null }
  }
  const lasts = Math.min(LONGEST_STOP_MS, STOP_MS * (1 + gain.stops))
  const most = stop?.most ?? desired
  return { ...gain, stop: { most, added, until: now + lasts }, stops: gain.stops + 1 }
}
