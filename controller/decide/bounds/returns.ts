import type { Stamped } from '../replicas-state.ts'
import { count } from './bounded.ts'

/**
 * The scale-down window, learned: how long replicas that are not needed are kept. To keep one costs its idle
 * time; to let it go and need it again costs a start-up, and what waits meanwhile. Without any experience the
 * best promise is to keep it for as long as starting again would cost (the ski-rental problem, Karlin et al.
 * 1988); with the gaps after which levels of need came back, the window whose cost would have been least. That is the
 * best where gaps are known. Where they are not, who lets go bit by bit pays less than who does it all at once
 * (e / (e - 1) times the best in hindsight at most, not twice: Karlin et al. 1994).
 */
const EDGES_S = [42, 60, 85, 120, 170, 240, 340, 480] as const
/** A gap that is longer than this is none: what comes later could not be kept for anyway. */
export const HORIZON_MS = 1_800_000
/** Shorter gaps are kept through by every window there is. */
const SHORTEST_MS = 30_000
const LEAST_MS = 60_000
/** Nobody waits longer: where starts are slow, the same replica-seconds do more as headroom for the next day's rise. */
export const LONGEST_MS = 480_000
/** A second without a replica that is needed is as bad as so many of a replica that is not. */
const HARM = 10
/** Until a need is seen and a replica asked for, seconds. */
const REACTION_S = 5
/**
 * Without experience a share of 1 - part^2 is kept: near e's, and slower at first, so that noise takes less. With each
 * surge known the power is two more, so that what is known is let go at its time, and at once.
 */
const UNKNOWN_POWER = 2
/** Weight of what is assumed before anything was seen, in surges. */
const PRIOR = 3
/** With more experience than this, the older half counts half. */
const MOST = 16

/** Surges (shares of the need that came back) by how long after, a bucket an edge, and last those that never did. */
export type Returns = number[]

/** What a need that rises from the last one to `milli` teaches, and what has been idle for too long. */
export function learn(
  returns: Returns,
  peaks: readonly Stamped[],
  milli: number,
  now: number,
): Returns {
  const need = count(milli)
  const seen = peaks.flatMap(([at, high], i): [bucket: number, levels: number, of: number][] => {
    const top = count(high)
    // Levels above the next lower peak were last needed at this one.
    const below = count(peaks[i + 1]?.[1] ?? 0)
    if (now - at >= HORIZON_MS) return [[EDGES_S.length, top - Math.max(below, need), top]]
    if (i === peaks.length - 1 || now - at < SHORTEST_MS) return []
    return [[bucketOf(now - at), Math.min(top, need) - below, need]]
  })
  const weights = seen.filter(([, levels]) => levels > 0)
  if (weights.length === 0) return returns
  const next = Array.from({ length: EDGES_S.length + 1 }, (_, i) => returns[i] ?? 0)
  for (const [bucket, levels, of] of weights) {
    next[bucket] = (next[bucket] ?? 0) + Math.round((1000 * levels) / of)
  }
  const sum = next.reduce((total, n) => total + n, 0)
  return sum > MOST * 1000 ? next.map(n => Math.floor(n / 2)) : next
}

function bucketOf(gapMs: number): number {
  const at = EDGES_S.findIndex(edge => gapMs <= edge * 1000)
  return at === -1 ? EDGES_S.length : at
}

/** How replicas go that are needed no more: all within the window, the later and the more at once the higher the power. */
export interface Release {
  windowMs: number
  power: number
}

/**
 * The window that would have cost least, start-ups taking so long; where little is known, in its place a longer one
 * that keeps as much in all.
 */
export function learnedRelease(returns: Returns, startUpMs: number): Release {
  const again = (REACTION_S + startUpMs / 1000) * (1 + HARM)
  let best = 0
  let least = Infinity
  for (const window of EDGES_S) {
    const cost = costOf(window, again, returns)
    if (cost < least) [best, least] = [window, cost]
  }
  const windowMs = Math.max(LEAST_MS, best * 1000)
  const surges = Math.floor(returns.reduce((sum, n) => sum + n, 0) / 1000)
  const power = UNKNOWN_POWER * (1 + surges)
  const asMuch = Math.round((windowMs * (power + 1)) / power)
  return { windowMs: Math.max(windowMs, Math.min(LONGEST_MS, asMuch)), power }
}

function costOf(window: number, again: number, returns: Returns): number {
  let cost = 0
  let from = SHORTEST_MS / 1000
  for (const [i, edge] of [...EDGES_S, Infinity].entries()) {
    // As many come back after a gap g as 1/g has it: then the window without experience is `again`.
    const assumed = PRIOR * (SHORTEST_MS / 1000) * (1 / from - 1 / edge)
    const weight = assumed + (returns[i] ?? 0) / 1000
    cost += weight * (edge <= window ? Math.sqrt(from * Math.min(edge, 1800)) : window + again)
    from = edge
  }
  return cost
}

/** The share of what was needed that is kept so long after. */
export function keptOf(agoMs: number, { windowMs, power }: Release): number {
  return 1 - powerOf(Math.min(1, Math.max(0, agoMs) / windowMs), power)
}

function powerOf(base: number, power: number): number {
  let product = 1
  for (let i = 0; i < power; i++) product *= base
  return product
}
