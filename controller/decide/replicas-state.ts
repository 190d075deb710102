import type { Inputs, Summary } from '../../core/model/decision.ts'
import type { Settings } from '../../core/model/settings.ts'

/** [ms, value]; which value depends on the list. */
export type Stamped = [number, number]

/** What the horizontal decider remembers. Times are ms of the decisions' clock. */
export interface ReplicasState {
  /** The last start-up times, ms, oldest first. */
  startUps: number[]
  /** Lasting needs (replicas x 1000) of the scale-down window that are the highest of all later ones. */
  highs: Stamped[]
  /** Likewise of the last minute, with what a backlog needs for a time. */
  recent?: Stamped[]
  /** Likewise the lowest, for behavior.scaleUp. */
  lows: Stamped[]
  /** Peaks of the need of the last half hour, and after how long needs came back (bounds/returns.ts). */
  peaks?: Stamped[]
  returns?: number[]
  /** Replicas added and removed, for the policies of `behavior`. */
  added: Stamped[]
  removed: Stamped[]
  /** The limit that the last decision knew, and when it last rose. */
  limit: number | null
  raisedAt: number | null
  /** Rejections since, and the arrivals per 1000 s at their start, before retries could come back. */
  overload: { since: number; offeredMilli: number } | null
  /** Mean service time when the replicas were last not saturated, us. */
  calmUs: number | null
  /** Null where none was broken lately. */
  broken?: Broken | null
  guards: Partial<Record<GuardName, GuardNote>>
  gain: Gain | null
}

/** How many replicas served nothing in the last five minutes: the most at once, and the fewest. */
export interface Broken {
  most: Stamped[]
  least: Stamped[]
}

export type GuardName = 'memory' | 'gpu' | 'kv' | 'engine-queue'

/** A guard above its target: at how many ready replicas, and whether more of them were of use. */
export interface GuardNote {
  ready: number
  use: number
  /** When there were first more replicas than `ready`. */
  grownAt: number | null
  futile: boolean
}

/** Throughput against replicas while saturated. */
export interface Gain {
  /** The point being gathered: since when, and how many were ready then. */
  since: number
  low: number
  /** The point to compare with: the most that were ready, and successes in 20 s. */
  reference: { ready: number; ok: number } | null
  /** No more than `most` replicas until then; afterwards a quarter more as a trial. */
  stop: { most: number; added: number; until: number } | null
  /** How often it stopped since it was last not saturated. */
  stops: number
}

export function freshReplicas(): ReplicasState {
  return {
    startUps: [],
    highs: [],
    lows: [],
    peaks: [],
    returns: [],
    added: [],
    removed: [],
    limit: null,
    raisedAt: null,
    overload: null,
    calmUs: null,
    broken: null,
    guards: {},
    gain: null,
  }
}

/** What the horizontal decider needs to know of the limit. */
export interface LimitView {
  limit: number
  /** How long a request may wait for a slot, us. */
  queueUs: number
  /** Mean service time that the limit was learned with, us; null while unknown. */
  serviceUs: number | null
  /** The first limit is still being found. */
  climbing: boolean
}

/** All that a rule or a bound may look at. */
export interface Sight {
  inputs: Inputs
  state: ReplicasState
  settings: Settings
  limit: LimitView
  now: number
}

const START_UP_UNKNOWN = 20_000

/** The learned start-up time in ms: the 90th percentile of the last ones seen. */
export function startUpMs(state: ReplicasState): number {
  const sorted = state.startUps.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? START_UP_UNKNOWN
}

/** For so long it counts that replicas were broken: whoever does not come back in that time does not at all. */
export const BROKEN_MS = 300_000

/** Windows older than this say nothing about now. */
const STALE_MS = 10_000

export function isStale({ windows, windowAgeMs }: Inputs): boolean {
  return windows === null || windowAgeMs === null || windowAgeMs > STALE_MS
}

/** The window of so many seconds, or null where there is none that is fresh. */
export function windowOf(inputs: Inputs, seconds: '3' | '20' | '300'): Summary | null {
  return isStale(inputs) ? null : (inputs.windows?.[seconds] ?? null)
}

/**
 * Failed, not ready, or answering mostly errors: they serve nothing. Where more than half answer errors, it is not
 * they who are broken, and more of them would answer errors too.
 */
export function brokenCount({ replicas, outliers }: Inputs): number {
  const failing = outliers.filter(isFailing).length
  const odd = failing <= Math.max(1, replicas.ready / 2) ? failing : 0
  return replicas.failed + replicas.notReady + odd
}

/** Whether a replica answers mostly server errors. */
export function isFailing(row: { ok: number; server: number }): boolean {
  return row.server >= 10 && row.server > row.ok
}
