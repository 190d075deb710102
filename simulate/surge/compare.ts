import { seconds } from '../words.ts'
import { play } from '../run.ts'
import type { Trace } from '../traffic/trace.ts'
import { median, ratioAt, type Point, type Ratio } from './curve.ts'
import { startUpFloor } from './floor.ts'
import { carries, type Surge } from './scenarios.ts'
import {
  DEFAULT,
  ours,
  point,
  rivals,
  scenarioOf,
  theirs,
  type Grain,
  type RivalName,
} from './sweep.ts'

/** One scenario: our curve and everybody else's, and how they compare at the cost of our defaults. */
export interface Row {
  name: string
  about: string
  /** Requests of all seeds. */
  offered: number
  /** Of our default setting. */
  default: Point
  /** The share that start-up time alone makes bad (floor.ts). */
  floor: number
  ours: Point[]
  theirs: Partial<Record<RivalName, Point[]>>
  /** Null where the two have not been at any cost in common. */
  ratios: Partial<Record<RivalName, Ratio | null>>
  /** The same against our default window alone: how full slots should be is all that is turned. */
  oneWindow: Partial<Record<RivalName, Ratio | null>>
}

export interface Play {
  grain: Grain
  seeds: readonly number[]
  trace?: Trace
  against?: readonly RivalName[]
}

/** Draws every curve of a scenario. */
export function compare(surge: Surge, how: Play): Row {
  const { grain, seeds, against = rivals } = how
  const played = ours(grain).map(setting => point(surge, setting, how))
  const own = played.map(({ offered: _, ...rest }) => rest)
  const normal = own.find(({ target }) => target === DEFAULT) as Point
  const offered = played[0]?.offered ?? 0
  const window = own.filter(({ target }) => target.endsWith(DEFAULT.slice(-4)))
  const row: Row = {
    name: surge.name,
    about: surge.about,
    offered,
    default: normal,
    floor: floorOf(surge, how),
    ours: own,
    theirs: {},
    ratios: {},
    oneWindow: {},
  }
  const mean = normal.replicaSeconds / seconds(surge.run)
  const cost = normal.replicaSeconds
  for (const rival of against) {
    const all = theirs(rival, grain, { limit: surge.limit, mean })
    const points = all.map(setting => point(surge, setting, how))
    row.theirs[rival] = points.map(({ offered: _, ...rest }) => rest)
    // Ratios are of the requests of one run: a seed more makes nothing less near to zero.
    const at = { cost, offered: offered / seeds.length }
    row.ratios[rival] = ratioAt(own, points, at)
    row.oneWindow[rival] = ratioAt(window, points, at)
  }
  return row
}

function floorOf(surge: Surge, { seeds: [seed = 1], trace }: Play): number {
  const scenario = scenarioOf(surge)
  const choice = { policy: 'static', limiter: 'outrigger', seed }
  const { seconds: run } = play(scenario, { ...choice, ...(trace === undefined ? {} : { trace }) })
  const { replicas, startUp } = surge
  const terms = { carries: carries(surge), replicas, startUpS: seconds(startUp) }
  return startUpFloor(run.offered, terms)
}

type Figures = Record<RivalName, number | null>

export interface Summary {
  medianBadRatio: Figures
  worstBadRatio: Figures
  /** Medians. */
  lostRatio: Figures
  worstLostRatio: Figures
  /** Medians against our default window alone. */
  oneWindowBadRatio: Figures
}

/** What is left of all scenarios for each rival. */
export function summary(rows: readonly Row[]): Summary {
  const figures = (of: (rival: RivalName) => number | null): Figures =>
    Object.fromEntries(rivals.map(rival => [rival, of(rival)])) as Figures
  const all = (rival: RivalName, from: 'ratios' | 'oneWindow', what: 'bad' | 'lost'): number[] =>
    rows.flatMap(row => row[from][rival]?.[what] ?? [])
  const least = (ratios: number[]): number | null =>
    ratios.length === 0 ? null : Math.min(...ratios)
  return {
    medianBadRatio: figures(rival => median(all(rival, 'ratios', 'bad'))),
    worstBadRatio: figures(rival => least(all(rival, 'ratios', 'bad'))),
    lostRatio: figures(rival => median(all(rival, 'ratios', 'lost'))),
    worstLostRatio: figures(rival => least(all(rival, 'ratios', 'lost'))),
    oneWindowBadRatio: figures(rival => median(all(rival, 'oneWindow', 'bad'))),
  }
}
