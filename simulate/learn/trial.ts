import { defaults, type Settings } from '../../core/model/settings.ts'
import type { Setting } from '../plants/catalogue.ts'
import type { Played } from '../result.ts'
import { play } from '../run.ts'
import type { Scenario } from '../scenario/read.ts'
import type { TrafficFile } from '../traffic/spec.ts'
import { us } from '../words.ts'

/** One plant under one limiter, from a cold start: how a limit is judged, alone, with a fixed count of replicas. */
export interface Trial {
  setting: Setting
  limiter: string
  seed: number
  seconds: number
  replicas: number
  /** The limit that is configured at the start. */
  first: number
  /** Whether Outrigger is told the objective; it is judged by it in any case. */
  told: boolean
  /** The limit that it has instead of learning one. */
  fixed?: number
}

const MOST = 1000

export function attempt(trial: Trial): Played {
  const { setting, limiter, seed, seconds, replicas, first, told, fixed = null } = trial
  const objectiveUs = us(setting.objective)
  const settings: Settings = {
    ...defaults,
    'first-limit': first,
    'fixed-limit': fixed,
    'limit-max': MOST,
    'latency-objective': told ? objectiveUs / 1000 : null,
    'max-replicas': replicas,
  }
  const scenario: Scenario = {
    name: null,
    about: setting.about,
    clients: null,
    plant: setting.plant,
    traffic: times(setting.traffic, replicas),
    settings,
    edges: 0,
    service: 'random',
    runUs: seconds * 1_000_000,
    seed,
    policies: ['static'],
    limiters: [limiter],
    expect: {},
    replicas,
    startUpUs: 0,
    startUpCv: 0,
    unreadyUs: 2_000_000,
    objectiveUs,
    limit: first,
  }
  return play(scenario, { policy: 'static', limiter, seed })
}

/** A plant's traffic is that of one replica. */
function times(traffic: TrafficFile, by: number): TrafficFile {
  const { constant, levels, lines, ...rest } = traffic
  const scaled = (points: Record<string, number>): Record<string, number> =>
    Object.fromEntries(Object.entries(points).map(([at, rate]) => [at, rate * by]))
  return {
    ...rest,
    ...(constant === undefined ? {} : { constant: { rate: constant.rate * by } }),
    ...(levels === undefined ? {} : { levels: { points: scaled(levels.points) } }),
    ...(lines === undefined ? {} : { lines: { points: scaled(lines.points) } }),
  }
}

/** What the best fixed limit gives. */
export interface Oracle {
  limit: number
  good: number
  /** Good answers by second. */
  each: number[]
  rejections: number
  p95: number
}

interface Sweep {
  seconds: number
  replicas: number
  seeds: readonly number[]
}

/** Each limit of the first pass is so many times the one before; the second pass looks between the best and its neighbours. */
const COARSE = 1.5
const FINE = 1.1

/**
 * The best fixed limit, by sweep on seeds of its own: first over all, until three in a row give less than
 * half of the best, then around the best one.
 */
export function oracleOf(setting: Setting, sweep: Sweep): Oracle {
  const tried = new Map<number, Oracle>()
  const at = (limit: number): Oracle => {
    const known = tried.get(limit) ?? fixedAt(setting, limit, sweep)
    tried.set(limit, known)
    return known
  }
  const best = (): Oracle => [...tried.values()].reduce((a, b) => (b.good > a.good ? b : a))
  let below = 0
  for (let limit = 1; limit <= MOST && below < 3; limit = above(limit, COARSE)) {
    below = at(limit).good < best().good / 2 ? below + 1 : 0
  }
  const { limit: coarse } = best()
  const from = Math.max(1, Math.round(coarse / COARSE))
  const until = Math.min(MOST, Math.round(coarse * COARSE))
  for (let limit = from; limit <= until; limit = above(limit, FINE)) at(limit)
  return best()
}

function above(limit: number, times: number): number {
  return Math.max(limit + 1, Math.round(limit * times))
}

/** The best limit where nobody has told the objective: how long requests may wait is learned, as for the learner. */
export function untold(setting: Setting, { limit }: Oracle, sweep: Sweep): Oracle {
  return fixedAt(setting, limit, sweep, { limiter: 'outrigger', told: false, fixed: limit })
}

function fixedAt(
  setting: Setting,
  limit: number,
  { seconds, replicas, seeds }: Sweep,
  how: Pick<Trial, 'limiter' | 'told' | 'fixed'> = { limiter: `fixed-${limit}`, told: true },
): Oracle {
  const trial = { setting, ...how, seconds, replicas, first: limit }
  const played = seeds.map(seed => attempt({ ...trial, seed }))
  const runs = played.map(({ totals }) => totals)
  const mean = (of: (totals: Played['totals']) => number): number =>
    runs.reduce((sum, totals) => sum + of(totals), 0) / runs.length
  return {
    limit,
    good: mean(totals => totals.good),
    each: Array.from({ length: seconds }, (_, second) =>
      played.reduce((sum, run) => sum + (run.seconds.good[second] ?? 0) / played.length, 0),
    ),
    rejections: mean(totals => totals.rejections),
    p95: mean(totals => totals.service.p95),
  }
}
