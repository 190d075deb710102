import type { Summary } from '../../core/model/decision.ts'
import { isSaturated, observeGain } from './bounds/gain.ts'
import { extreme, remember } from './history.ts'
import { futileOf } from './rules/demand.ts'
import {
  BROKEN_MS,
  brokenCount,
  windowOf,
  type Broken,
  type GuardName,
  type GuardNote,
  type ReplicasState,
  type Sight,
} from './replicas-state.ts'
import { guardReadings } from './rules/guards.ts'

const START_UPS_KEPT = 16
/** Fewer answers say little about service time. */
const ENOUGH = 10
/** As long as this the start of an overload may still be coming into the windows; retries seldom come back sooner. */
const ONSET_MS = 4000
/** Some clients cancel: it takes more than one part in this of the arrivals to be an overload. */
const FEW_PART = 5
/** More replicas that took no pressure away in this time are of no use against it. */
const RELIEF_MS = 30_000

/** What the state learns from the inputs before anything is decided. */
export function observe(sight: Sight): ReplicasState {
  const { inputs, state, limit, now } = sight
  return {
    ...state,
    startUps: [...state.startUps, ...inputs.startUps].slice(-START_UPS_KEPT),
    limit: limit.limit,
    raisedAt: state.limit !== null && limit.limit > state.limit ? now : state.raisedAt,
    overload: observeOverload(sight),
    calmUs: observeCalm(sight),
    broken: observeBroken(sight),
    guards: observeGuards(sight),
    gain: observeGain(sight),
  }
}

/** Nothing where nothing broke lately; before anything was seen, nothing was broken. */
function observeBroken({ inputs, state, now }: Sight): Broken | null {
  const { most, least } = state.broken ?? { most: [], least: [[now, 0]] }
  const broken = brokenCount(inputs)
  if (extreme(most, broken, now, BROKEN_MS, 1) === 0) return null
  return {
    most: remember(most, broken, now, BROKEN_MS, 1),
    least: remember(least, broken, now, BROKEN_MS, -1),
  }
}

function observeCalm({ inputs, state }: Sight): number | null {
  const w = windowOf(inputs, '20')
  if (w === null || w.serviceCount < ENOUGH || isSaturated(w)) return state.calmUs
  return Math.round(w.serviceSum / w.serviceCount)
}

/**
 * When the first requests of an overload are turned away or given up, all are new; later they may be retries.
 * So the arrivals of the start are remembered until next to nothing comes to nothing any more.
 */
function observeOverload({ inputs, state, now }: Sight): ReplicasState['overload'] {
  const recent = windowOf(inputs, '3')
  const longer = windowOf(inputs, '20')
  if (recent === null || longer === null) return state.overload
  if (!isOverloaded(recent) && !isOverloaded(longer)) return null
  const since = state.overload?.since ?? now
  if (state.overload !== null && now - since > ONSET_MS) return state.overload
  const newest = Math.max(0, ...inputs.offeredPerSecond.slice(-3)) * 1000
  const offeredMilli = Math.max(rateMilli(recent), rateMilli(longer), newest)
  return { since, offeredMilli: Math.max(offeredMilli, state.overload?.offeredMilli ?? 0) }
}

function isOverloaded(w: Summary): boolean {
  return futileOf(w) * FEW_PART > w.offered
}

function rateMilli(w: Summary): number {
  return Math.round((w.offered * 1000) / Math.max(1, w.seconds))
}

function observeGuards(sight: Sight): ReplicasState['guards'] {
  const guards: ReplicasState['guards'] = {}
  for (const { guard, use, target } of guardReadings(sight)) {
    const note = observeGuard(sight, guard, use, target)
    if (note !== null) guards[guard] = note
  }
  return guards
}

function observeGuard(
  { inputs, state, settings, now }: Sight,
  guard: GuardName,
  use: number | null,
  target: number,
): GuardNote | null {
  const note = state.guards[guard] ?? null
  const { ready } = inputs.replicas
  if (use === null) return note
  // What wavers about the target is neither over nor new.
  if (use <= target && use * 1000 > target * (1000 - settings.tolerance)) return note
  if (use <= target) return note === null || note.futile || ready <= note.ready ? null : note
  if (note === null) return { ready, use, grownAt: null, futile: false }
  if (note.futile) return note
  if (ready <= note.ready) return { ready, use, grownAt: null, futile: false }
  if (use * 100 <= note.use * 97) return { ready, use, grownAt: null, futile: false }
  const grownAt = note.grownAt ?? now
  return { ...note, grownAt, futile: now - grownAt >= RELIEF_MS }
}
