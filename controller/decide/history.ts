import { clamp } from '../../core/model/math.ts'
import type { Stamped } from './replicas-state.ts'

/**
 * Running maximum and minimum over a window, and sums of events: bounded lists of [ms, value].
 * Stamps are rounded up to a twentieth of the window, 15 s at most, so that a steady value leaves the list as it
 * is for a while; a value is kept up to that much longer.
 */
const MOST = 64

/** Adds a value to a list that keeps only what is the highest (`sign` 1) or lowest (-1) of all later ones. */
export function remember(
  list: Stamped[],
  value: number,
  now: number,
  windowMs: number,
  sign: 1 | -1,
): Stamped[] {
  if (windowMs === 0) return []
  const grid = clamp(Math.floor(windowMs / 20_000) * 1000, 1000, 15_000)
  const at = Math.ceil(now / grid) * grid
  const kept = list.filter(entry => entry[0] > now - windowMs && (entry[1] - value) * sign > 0)
  // Of one stamp only the most extreme can ever count, so there are about twenty at most.
  return kept.at(-1)?.[0] === at ? kept : [...kept, [at, value]]
}

/** The highest (or lowest) of a list within the window, and of `value`. */
export function extreme(
  list: Stamped[],
  value: number,
  now: number,
  windowMs: number,
  sign: 1 | -1,
): number {
  return list
    .filter(entry => entry[0] > now - windowMs)
    .reduce((best, entry) => ((entry[1] - best) * sign > 0 ? entry[1] : best), value)
}

/**
 * Adds replicas added or removed now; those older than the longest policy period go. Over the bound the
 * two oldest become one, with the later stamp.
 */
export function event(list: Stamped[], count: number, now: number, periodMs: number): Stamped[] {
  const kept = list.filter(entry => entry[0] > now - periodMs)
  if (count === 0) return kept
  const [first, second, ...rest] = [...kept, [now, count] as Stamped]
  if (kept.length < MOST || first === undefined || second === undefined) {
    return [...kept, [now, count]]
  }
  return [[second[0], first[1] + second[1]], ...rest]
}

/** How many were added or removed within the period. */
export function sumWithin(list: Stamped[], now: number, periodMs: number): number {
  return list.reduce((sum, entry) => (entry[0] > now - periodMs ? sum + entry[1] : sum), 0)
}
