import { extreme } from '../history.ts'
import {
  BROKEN_MS,
  brokenCount,
  startUpMs,
  windowOf,
  type ReplicasState,
  type Sight,
} from '../replicas-state.ts'
import { count, unchanged, type Bounded } from './bounded.ts'

/** At most this share of the need is asked for on top of it. */
const REPLACE_PART = 3
const ERRORS_PERMILLE = 50
/** A start-up that takes longer than this multiple of the learned one is stuck. */
const STUCK = 3

/** Without a fresh window everything stays, but for an edge that asks for the first replica. */
export function noData(milli: number, { inputs }: Sight): Bounded {
  if (windowOf(inputs, '20') !== null) return unchanged(milli)
  const from = inputs.replicas.desired * 1000
  const asked = inputs.activate && inputs.replicas.ready === 0
  const numbers = { ageMs: inputs.windowAgeMs ?? 0 }
  return { milli: asked ? Math.max(from, 1000) : from, numbers, reason: 'no-data' }
}

/**
 * Replicas that serve nothing are made up for, and kept beside the need for as long as more of them may break: who
 * crashes once crashes again, and is back before another one has started. Those that were broken all the time are
 * none: they do not come back.
 */
export function replacement(milli: number, { inputs, state, now }: Sight): Bounded {
  const { most, least } = state.broken ?? { most: [], least: [] }
  const broken = brokenCount(inputs)
  const dead = extreme(least, broken, now, BROKEN_MS, -1)
  const back = extreme(most, broken, now, BROKEN_MS, 1) - dead
  const numbers = { broken, back }
  if (back === 0 || milli === 0) return unchanged(milli, numbers)
  const spare = Math.min(back, Math.max(1, Math.floor(milli / 1000 / REPLACE_PART)))
  return { milli: milli + spare * 1000, numbers, reason: 'replacement' }
}

/** Counts are of desired replicas, so that those that are starting are not asked for again. */
export function onTheirWay(milli: number, { inputs }: Sight): Bounded {
  const { starting: coming, ready, desired } = inputs.replicas
  const counted = coming > 0 && milli > ready * 1000 && milli <= desired * 1000
  return { milli, numbers: { starting: coming }, reason: counted ? 'on-their-way' : null }
}

/**
 * With too few reports nothing is removed. With some replicas silent, each of them counts as fully
 * used on the way down, as the HPA counts pods without metrics.
 */
export function missing(milli: number, { inputs, settings }: Sight): Bounded {
  const w = windowOf(inputs, '20')
  const from = inputs.replicas.desired * 1000
  if (w === null || milli >= from) return unchanged(milli)
  const silent = Math.max(0, w.expected - w.reporting)
  const numbers = { coveragePermille: w.coverage, silent }
  if (w.coverage >= settings['missing-data-share'] && silent === 0) return unchanged(milli, numbers)
  const kept = w.coverage < settings['missing-data-share'] ? from : milli + silent * 1000
  return { milli: Math.min(from, kept), numbers, reason: 'missing-data' }
}

/** Fast failures look like low demand. */
export function errors(milli: number, sight: Sight): Bounded {
  const { inputs } = sight
  const w = windowOf(inputs, '20')
  if (w === null) return unchanged(milli)
  const answers = w.ok + w.client + w.server
  const errorsPermille = answers === 0 ? 0 : Math.round((w.server * 1000) / answers)
  return errorsPermille < ERRORS_PERMILLE
    ? unchanged(milli, { errorsPermille })
    : keep(milli, sight, 'errors', { errorsPermille })
}

/** A limit that has just risen makes replicas look superfluous before it has shown that it holds. */
export function limitUnproven(milli: number, sight: Sight): Bounded {
  const { state, settings, now } = sight
  const agoMs = state.raisedAt === null ? null : now - state.raisedAt
  if (agoMs === null || agoMs >= 2 * settings['learn-every']) return unchanged(milli)
  return keep(milli, sight, 'limit-unproven', { agoMs })
}

/**
 * While the first limit is still being doubled every few seconds, it is too low and asks for too many
 * replicas: they double at most too, with each decision.
 */
export function limitClimbing(milli: number, { inputs, limit }: Sight): Bounded {
  const { desired } = inputs.replicas
  const allowed = Math.max(desired + 1, 2 * desired)
  const numbers = { allowed, wanted: count(milli), limit: limit.limit }
  if (!limit.climbing || count(milli) <= allowed) return unchanged(milli)
  return { milli: allowed * 1000, numbers, reason: 'limit-climbing' }
}

/** A start-up that takes that long will not end by itself. */
export function isStuck(startingMs: number, state: ReplicasState): boolean {
  return startingMs > STUCK * startUpMs(state)
}

/** What is measured while replicas start is the overload that they were asked for. */
export function starting(milli: number, sight: Sight): Bounded {
  const { starting: coming, oldestStartingMs } = sight.inputs.replicas
  const numbers = { starting: coming }
  if (coming === 0 || isStuck(oldestStartingMs, sight.state)) {
    return unchanged(milli, numbers)
  }
  return keep(milli, sight, 'not-scaled-yet', numbers)
}

/** Blocks the way down, never the way up. */
function keep(
  milli: number,
  { inputs }: Sight,
  reason: 'errors' | 'limit-unproven' | 'not-scaled-yet',
  numbers: Record<string, number>,
): Bounded {
  const from = inputs.replicas.desired * 1000
  return milli < from ? { milli: from, numbers, reason } : unchanged(milli, numbers)
}
