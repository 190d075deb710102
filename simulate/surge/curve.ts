import { exp, log } from '../../core/model/math.ts'

/** What a policy cost and what it did to requests, with one setting of its target. */
export interface Point {
  /** The setting in words: `80 %`, `0.8`. */
  target: string
  replicaSeconds: number
  /** Shares of the offered requests (result.ts tells which those are). */
  bad: number
  lost: number
  /** How often the count turned round, in the mean. */
  turns: number
  /** Requests, in the mean, of so many runs. */
  offered: number
  seeds: number
}

export interface Harm {
  bad: number
  lost: number
}

/** Times that a rival does as much harm at the same cost: above 1, we are better. */
export interface Ratio {
  /** Replica-seconds at which the two are compared. */
  cost: number
  ours: Harm
  theirs: Harm
  bad: number
  lost: number
  /** Either has next to nothing bad, so that the ratio says little. */
  nearZero: boolean
  /** Compared at another cost than ours: see `ratioAt`. */
  moved: boolean
}

/** No claim goes beyond this. */
const MOST = 100
/** Fewer requests, or a smaller share, are next to nothing. */
const FEW_REQUESTS = 3
const SMALL_SHARE = 1e-5
/** Costs that differ by less are equal. */
const EQUAL = 0.02

/** Points that no other one beats in both cost and bad share, by rising cost. */
export function frontier<P extends Point>(points: readonly P[]): P[] {
  const sorted = points.toSorted((a, b) => a.replicaSeconds - b.replicaSeconds || a.bad - b.bad)
  const best: P[] = []
  for (const point of sorted) if (point.bad < (best.at(-1)?.bad ?? Infinity)) best.push(point)
  return best
}

/** The two points of the frontier between which a cost lies; one, where it lies beyond an end. */
export function around<P extends Point>(points: readonly P[], cost: number): P[] {
  const best = frontier(points)
  const next = best.findIndex(point => point.replicaSeconds >= cost)
  return next < 0 ? best.slice(-1) : best.slice(Math.max(0, next - 1), next + 1)
}

/** The least and the most that any of them cost. */
function reachOf(points: readonly Point[]): [least: number, most: number] {
  const all = points.map(point => point.replicaSeconds)
  return [Math.min(...all), Math.max(...all)]
}

/**
 * What a policy does at this cost, along its frontier: bad is a straight line in its logarithm from point to
 * point (shares below `small` count as that), lost one in itself, so that both belong to the same setting.
 * Beyond the frontier's ends it is as good as there: what was dearer was no better. Null of no points.
 */
export function atCost(points: readonly Point[], cost: number, small: number): Harm | null {
  const [from, to] = around(points, cost)
  if (from === undefined) return null
  if (to === undefined || cost <= from.replicaSeconds)
    return { bad: Math.max(small, from.bad), lost: from.lost }
  const part = (cost - from.replicaSeconds) / (to.replicaSeconds - from.replicaSeconds)
  const [high, low] = [log(Math.max(small, from.bad)), log(Math.max(small, to.bad))]
  return { bad: exp(high + (low - high) * part), lost: from.lost + (to.lost - from.lost) * part }
}

/** Shares that count as nothing, of so many requests. */
export function smallShare(offered: number): number {
  return Math.max(SMALL_SHARE, FEW_REQUESTS / Math.max(1, offered))
}

/** One side of a comparison. */
export interface Side {
  /** The least and the most that it costs with any setting. */
  reach: readonly [least: number, most: number]
  /** Its points on both sides of a cost. */
  near(cost: number): readonly Point[]
}

export function sideOf(points: readonly Point[]): Side {
  return { reach: reachOf(points), near: cost => around(points, cost) }
}

/**
 * A rival's harm over ours at equal replica-seconds: those of `own`, our setting as shipped. Where the rival has
 * never been there, at the nearest cost where it has, along our curve. Where it always spends more than we
 * ever did, our dearest setting stands for ours: with more to spend we'd be no worse. Null where we always
 * spend more: nothing is made up.
 */
export function ratioAt(own: Point, ours: Side, theirs: Side, offered: number): Ratio | null {
  const cost = own.replicaSeconds
  const [from, to] = theirs.reach
  const [least, most] = ours.reach
  const moved = cost < from * (1 - EQUAL) || cost > to * (1 + EQUAL)
  const at = moved ? Math.min(to, Math.max(least, from, cost)) : cost
  if (moved && at < least) return null
  const small = smallShare(offered)
  const ourCost = Math.min(most, at)
  const mine = moved ? atCost(ours.near(ourCost), ourCost, small) : harmOf(own, small)
  const other = atCost(theirs.near(at), at, small)
  if (mine === null || other === null) return null
  return {
    cost: Math.round(at),
    ours: mine,
    theirs: other,
    bad: times(other.bad, mine.bad, small),
    lost: times(other.lost, mine.lost, small),
    nearZero: Math.min(mine.bad, other.bad) <= small,
    moved,
  }
}

function harmOf({ bad, lost }: Point, small: number): Harm {
  return { bad: Math.max(small, bad), lost }
}

/** Both count as at least `small`: what is next to nothing makes no ratio. */
function times(theirs: number, ours: number, small: number): number {
  const ratio = Math.max(small, theirs) / Math.max(small, ours)
  return Math.min(MOST, Math.max(1 / MOST, ratio))
}

/** The middle one; of two, the mean of their logarithms. Null of none. */
export function median(ratios: readonly number[]): number | null {
  const sorted = ratios.toSorted((a, b) => a - b)
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1].map(i => sorted[i])
  return low === undefined || high === undefined ? null : Math.sqrt(low * high)
}
