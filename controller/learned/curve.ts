import { bucketOf, middle, quantile } from '../../core/model/histogram.ts'
import {
  fitUsl,
  uslThroughput,
  type LoadPoint,
  type NoFit,
  type UslFit,
} from '../../core/model/usl.ts'
import type { Window } from '../../core/model/window.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import type { Tried } from './notebook.ts'

/** What one replica gave a second while it had n in flight. */
export interface Level {
  n: number
  x: number
  /** s that it had so many, and what it gave in them. */
  seconds: number
  count: number
}

/** Throughput of one replica against its requests in flight. */
export interface Curve {
  /** What a second's throughput counts. */
  unit: 'answers' | 'tokens'
  /** By limit in force, lowest first. */
  tried: readonly Tried[]
  /** By number in flight, over the last 5 min; empty where it would mislead. */
  levels: readonly Level[]
  /** It answers in batches: levels would mislead. */
  batches: boolean
  /** The mean of the last 20 s. */
  now: { n: number; x: number } | null
  law: Law | null
  /** Why there is no law. */
  noLaw: NoFit | null
}

export interface Law extends UslFit {
  /** What it was fitted to, and between which n that lay. */
  from: 'tried' | 'levels'
  least: number
  most: number
  /** [n, x], to be drawn. */
  line: [n: number, x: number][]
}

/** A level that was there for less than this share of the time, or gave less than so many, is chance. */
const RARE = 0.002
const FEW = 5
/**
 * No request is answered faster than the fastest are. Where more than this share of the answers came at
 * levels that would have it so by this factor, they came in batches.
 */
const BATCHED = 0.1
const FASTER = 3
const DRAWN = 48

export function curveOf(
  tried: readonly Tried[],
  windows: EndpointWindows | null,
  revision: string,
): Curve {
  const newest = tried.reduce<Tried | null>(
    (last, each) => (last === null || each.at > last.at ? each : last),
    null,
  )
  // A window knows no revisions: while there are two it is of neither.
  const own = windows?.replicas.every(row => row.revision === revision) === true ? windows : null
  const long = own?.windows['300']?.replicas ?? null
  const tokens = newest?.tokens ?? (long !== null && long.tokens.out > long.completed.ok)
  const batches = long !== null && !tokens && answersInBatches(long)
  const levels = long === null || batches ? [] : levelsOf(long, tokens)
  const alike = tried.filter(each => each.tokens === tokens)
  return {
    unit: tokens ? 'tokens' : 'answers',
    tried: alike,
    levels,
    batches,
    now: nowOf(own?.windows['20']?.replicas ?? null, tokens),
    ...lawOf(alike, levels),
  }
}

function nowOf(window: Window | null, tokens: boolean): Curve['now'] {
  if (window === null || window.us === 0) return null
  const given = tokens ? window.tokens.out : window.completed.ok
  return { n: window.inFlight.integral / window.us, x: (given * 1e6) / window.us }
}

/** X(n) = D(n) / T(n): what ended with n in flight over the time with n in flight. */
function levelsOf({ occupancy, us: all }: Window, tokens: boolean): Level[] {
  return occupancy.flatMap(([n = 0, us = 0, done = 0, given = 0]) => {
    const count = tokens ? given : done
    if (n === 0 || us < RARE * all || count < FEW) return []
    return [{ n: middleOf(n), x: (count * 1e6) / us, seconds: us / 1e6, count }]
  })
}

/** Rows stand for a bucket of the histogram by its least number. */
function middleOf(n: number): number {
  return middle(bucketOf(n))
}

/** A finished batch ends within no time, one after another: credited to ever fewer in flight. */
function answersInBatches({ occupancy, service }: Window): boolean {
  const fastestUs = quantile(service.histogram, 50)
  if (fastestUs === null || fastestUs === 0) return false
  const total = occupancy.reduce((sum, [, , done = 0]) => sum + done, 0)
  const impossible = occupancy
    .filter(([n = 0, us = 0, done = 0]) => done * fastestUs > FASTER * Math.max(1, n) * us)
    .reduce((sum, [, , done = 0]) => sum + done, 0)
  return total > 0 && impossible > BATCHED * total
}

/** What limits gave comes first: it is right for batchers too. Where they hardly varied, levels may tell. */
function lawOf(tried: readonly Tried[], levels: readonly Level[]): Pick<Curve, 'law' | 'noLaw'> {
  const reached = tried.filter(({ bound, answers }) => bound >= 0.5 && answers >= 20)
  const first = fitUsl(reached)
  if (typeof first !== 'string') return { law: drawn(first, 'tried', reached), noLaw: null }
  const points = levels.map(({ n, x, count }) => ({ n, x, variance: 1 / count }))
  const second = fitUsl(points)
  if (typeof second !== 'string') return { law: drawn(second, 'levels', points), noLaw: null }
  return { law: null, noLaw: first === 'few' ? second : first }
}

function drawn(fit: UslFit, from: Law['from'], points: readonly LoadPoint[]): Law {
  const ns = points.map(({ n }) => n)
  const [least, most] = [Math.min(...ns), Math.max(...ns)]
  const line = Array.from({ length: DRAWN + 1 }, (_, i): [number, number] => {
    const n = 1 + ((1.25 * most - 1) * i) / DRAWN
    return [n, uslThroughput(fit, n)]
  })
  return { ...fit, from, least, most, line }
}
