import type { Summary } from '../../../core/model/decision.ts'
import { windowOf, type Gain, type Sight } from '../replicas-state.ts'
import { count, unchanged, type Bounded } from './bounded.ts'

/** A point of throughput against replicas takes this long to gather, or two service times. */
const POINT_MS = 20_000
/** Points are compared when replicas grew by this much. */
const GROWTH_PERMILLE = 1250
/** Less than one part in this of what the added replicas should bring is no gain. */
const LEAST_PART = 4
/** So many points in a row must say so. */
const FAILED = 2
const STOP_MS = 300_000
const LONGEST_STOP_MS = 3_600_000

/** Added replicas that brought no throughput while there was more to do: no more of them for a while. */
export function noGain(milli: number, { inputs, state }: Sight): Bounded {
  const stop = state.gain?.stop ?? null
  const from = inputs.replicas.desired * 1000
  if (stop === null || milli <= from) return unchanged(milli)
  return { milli: from, numbers: { added: stop.added, wanted: count(milli) }, reason: 'no-gain' }
}

/** Follows throughput against ready replicas for as long as they are saturated. */
export function observeGain(sight: Sight): Gain | null {
  const { inputs, state, now, limit } = sight
  const w = windowOf(inputs, '20')
  if (w === null) return state.gain
  if (!isSaturated(w)) return null
  const gain = state.gain ?? start(now)
  const gathered = {
    ...gain,
    readySum: gain.readySum + inputs.replicas.ready,
    ticks: gain.ticks + 1,
    stop: gain.stop !== null && now >= gain.stop.until ? null : gain.stop,
  }
  const lasts = Math.max(POINT_MS, Math.ceil((limit.serviceUs ?? 0) / 500))
  if (now - gain.since < lasts) return gathered
  // A stop that has just ended begins a new comparison.
  const before =
    gain.stop !== null && gathered.stop === null ? { ...gathered, reference: null } : gathered
  return compared(
    before,
    { readyMilli: Math.round((gathered.readySum * 1000) / gathered.ticks), ok: w.ok },
    now,
  )
}

function start(now: number): Gain {
  return { since: now, readySum: 0, ticks: 0, reference: null, failed: 0, stop: null, stops: 0 }
}

/** Most of the time at the limit, or turning requests away, or keeping many waiting. */
function isSaturated(w: Summary): boolean {
  const waitingMilli = w.queuedMilli + w.heldMilli
  return (
    w.boundPermille >= 500 ||
    w.rejected * 20 > w.offered ||
    (waitingMilli >= 1000 && waitingMilli * 4 > w.inFlightMilli)
  )
}

function compared(gain: Gain, point: NonNullable<Gain['reference']>, now: number): Gain {
  const next = { ...gain, since: now, readySum: 0, ticks: 0 }
  const { reference } = gain
  if (gain.stop !== null) return next
  if (
    reference === null ||
    reference.readyMilli === 0 ||
    point.readyMilli <= reference.readyMilli
  ) {
    return { ...next, reference: point, failed: 0 }
  }
  if (point.readyMilli * 1000 < reference.readyMilli * GROWTH_PERMILLE) return next
  const expected = (reference.ok * (point.readyMilli - reference.readyMilli)) / reference.readyMilli
  const gained = point.ok - reference.ok
  // Two counts of `ok` differ by chance by about the root of their sum.
  const noise = 4 * Math.sqrt(2 * reference.ok)
  if (gained * LEAST_PART >= expected || expected <= noise) {
    return { ...next, reference: point, failed: 0 }
  }
  if (gain.failed + 1 < FAILED) return { ...next, failed: gain.failed + 1 }
  const lasts = Math.min(LONGEST_STOP_MS, STOP_MS * (1 + gain.stops))
  const added = Math.round((point.readyMilli - reference.readyMilli) / 1000)
  return { ...next, failed: 0, stop: { added, until: now + lasts }, stops: gain.stops + 1 }
}
