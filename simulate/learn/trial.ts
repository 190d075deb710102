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
}

const MOST = 1000

export function attempt({ setting, limiter, seed, seconds, replicas, first, told }: Trial): Played {
  const objectiveUs = us(setting.objective)
  const settings: Settings = {
    ...defaults,
    'first-limit': first,
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
    runUs: seconds * 1_000_000,
    seed,
    policies: ['static'],
    limiters: [limiter],
    expect: {},
    replicas,
    startUpUs: 0,
    startUpCv: 0,
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

/** Limits that the best fixed one is sought among: each a sixth above the one before. */
export function candidates(most = MOST): number[] {
  const limits: number[] = []
  for (let limit = 1; limit <= most; limit = Math.max(limit + 1, Math.round(limit * 1.17))) {
    limits.push(limit)
  }
  return limits
}

/** What the best fixed limit gives, by sweep on seeds of its own. */
export interface Oracle {
  limit: number
  good: number
  rejections: number
  p95: number
}

/** The sweep stops where goodput has fallen to half of its best for three limits in a row. */
export function oracleOf(
  setting: Setting,
  trial: { seconds: number; replicas: number; seeds: readonly number[] },
): Oracle {
  let best: Oracle | null = null
  let below = 0
  for (const limit of candidates()) {
    const runs = trial.seeds.map(seed =>
      attempt({ ...trial, setting, limiter: `fixed-${limit}`, seed, first: limit, told: true }),
    )
    const mean = (of: (played: Played) => number): number =>
      runs.reduce((sum, run) => sum + of(run), 0) / runs.length
    const good = mean(({ totals }) => totals.good)
    if (best === null || good > best.good) {
      best = {
        limit,
        good,
        rejections: mean(({ totals }) => totals.rejections),
        p95: mean(({ totals }) => totals.service.p95),
      }
    }
    below = good < best.good / 2 ? below + 1 : 0
    if (below >= 3) break
  }
  if (best === null) throw new Error('no limit was tried')
  return best
}
