import { play } from '../run.ts'
import type { Trace } from '../traffic/trace.ts'
import { seconds } from '../words.ts'
import { around, frontier, ratioAt, sideOf, type Point, type Ratio, type Side } from './curve.ts'
import { startUpFloor } from './floor.ts'
import { carries, type Surge } from './scenarios.ts'
import {
  DEFAULT,
  fronts,
  lateUs,
  ours,
  Player,
  rivals,
  scenarioOf,
  theirs,
  type FrontName,
  type Grain,
  type RivalName,
  type Setting,
} from './sweep.ts'
import { fewestTurns, tubeOf } from './turns.ts'

type Ratios = Partial<Record<RivalName, Ratio | null>>

/** One scenario: our curve and everybody else's, and how they compare at the cost of our defaults. */
export interface Row {
  name: string
  about: string
  /** Requests of one seed. */
  offered: number
  /** Of our default setting. */
  default: Point
  /** The share that start-up time alone makes bad (floor.ts). */
  floor: number
  /** The fewest direction changes that serve it (turns.ts). */
  fewestTurns: number
  /** The best fixed count, in hindsight, that costs no more than we did. */
  bestFixed: Point | null
  ours: Point[]
  theirs: Partial<Record<RivalName, Point[]>>
  /** Null where the two have not been at any cost in common. */
  ratios: Ratios
  /** Outrigger behind other fronts: bad over that behind one edge, and against the rivals. */
  fronts: Partial<Record<FrontName, Behind>>
}

interface Behind {
  point: Point
  loss: number
  ratios: Ratios
}

export interface Play {
  grain: Grain
  seeds: readonly number[]
  trace?: Trace
  against?: readonly RivalName[]
  behind?: readonly FrontName[]
}

const FRONTS = Object.keys(fronts) as FrontName[]

/**
 * Draws every curve of a scenario by the first seed; what decides is played with all seeds: our default and, of
 * each rival, the settings next to its cost.
 */
export function compare(surge: Surge, how: Play): Row {
  const { grain, against = rivals, behind = FRONTS } = how
  const player = new Player(surge, how)
  const settings = ours(grain)
  const normal = settings.find(({ words }) => words === DEFAULT) as Setting
  const own = player.point(normal)
  const { offered, replicaSeconds: cost } = own
  const mine = drawnBy(player, settings)
  const of = { limit: surge.limit, mean: cost / seconds(surge.run) }
  const sides = against.map(name => ({ name, side: drawnBy(player, theirs(name, grain, of)) }))
  const versus = (point: Point, curve: Side): Ratios =>
    Object.fromEntries(sides.map(({ name, side }) => [name, ratioAt(point, curve, side, offered)]))
  const front = (name: FrontName): [FrontName, Behind] => {
    const point = player.point({ ...normal, ...fronts[name] })
    const ratios = versus(point, sideOf([point]))
    return [name, { point, loss: lossOf(point, own, offered), ratios }]
  }
  const drawn = new Map(sides.map(({ name, side }) => [name, side.drawn(cost)]))
  const affordable = drawn.get('fixed')?.filter(({ replicaSeconds }) => replicaSeconds <= cost)
  return {
    name: surge.name,
    about: surge.about,
    offered,
    default: own,
    ...leastOf(surge, how),
    bestFixed: frontier(affordable ?? []).at(-1) ?? null,
    ours: mine.drawn(cost),
    theirs: Object.fromEntries(drawn),
    ratios: versus(own, mine),
    fronts: Object.fromEntries(behind.map(front)),
  }
}

interface Drawn {
  drawn(cost: number): Point[]
}

/** A curve by the first seed, and by all seeds the settings next to a cost. */
function drawnBy(player: Player, settings: readonly Setting[]): Side & Drawn {
  const rough = settings.map(setting => ({ setting, ...player.point(setting, 'first') }))
  const near = (cost: number): Point[] =>
    around(rough, cost).map(({ setting }) => player.point(setting))
  const drawn = (cost: number): Point[] => {
    const exact = new Map(near(cost).map(point => [point.target, point]))
    return rough.map(({ setting: _, ...point }) => exact.get(point.target) ?? point)
  }
  return { reach: sideOf(rough).reach, near, drawn }
}

/** Bad over that behind one edge; a few requests count as nothing. */
function lossOf(point: Point, own: Point, offered: number): number {
  const few = 3 / Math.max(1, offered)
  return Math.max(few, point.bad) / Math.max(few, own.bad)
}

function leastOf(surge: Surge, { seeds, trace }: Play): Pick<Row, 'floor' | 'fewestTurns'> {
  const [seed = 1] = seeds
  const { seconds: run } = play(scenarioOf(surge), {
    policy: 'static',
    limiter: 'outrigger',
    seed,
    lateUs: lateUs(seed, seeds),
    ...(trace === undefined ? {} : { trace }),
  })
  const { replicas, startUp } = surge
  const terms = { carries: carries(surge), replicas, startUpS: seconds(startUp) }
  return {
    floor: startUpFloor(run.offered, terms),
    fewestTurns: fewestTurns(tubeOf(run.offered, terms)),
  }
}
