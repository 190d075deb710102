import { exp, log } from '../../core/model/math.ts'

/** What a policy cost and what it did to requests, with one setting of its target. */
export interface Point {
  /** The setting in words: `80 %`, `0.8, window 300s`. */
  target: string
  replicaSeconds: number
  /** Shares of the offered requests (result.ts tells which those are). */
  bad: number
  lost: number
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
  /** Compared at another cost than was asked for: see `ratioAt`. */
  moved: boolean
}

/** No claim goes beyond this. */
const MOST = 100
/** Fewer requests, or a smaller share, are next to nothing. */
const FEW_REQUESTS = 3
const SMALL_SHARE = 1e-5

/** Points that no other one beats in both cost and bad share, by rising cost. */
export function frontier(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a.replicaSeconds - b.replicaSeconds || a.bad - b.bad)
  const best: Point[] = []
  for (const point of sorted) if (point.bad < (best.at(-1)?.bad ?? Infinity)) best.push(point)
  return best
}

/** The least and the most that any of them cost. */
function costs(points: readonly Point[]): [least: number, most: number] {
  const all = points.map(point => point.replicaSeconds)
  return [Math.min(...all), Math.max(...all)]
}

/**
 * What a policy does at this cost, along its frontier: bad is a straight line in its logarithm from point to
 * point (shares below `small` count as that), lost one in itself, so that both belong to the same setting.
 * Beyond the last point of the frontier it is as good as there: what was dearer was no better. Null where
 * none of the points cost as little or as much: nothing is made up.
 */
export function atCost(points: readonly Point[], cost: number, small: number): Harm | null {
  const [least, most] = costs(points)
  if (points.length === 0 || cost < least || cost > most) return null
  const best = frontier(points)
  const next = best.findIndex(point => point.replicaSeconds >= cost)
  const to = best.at(next) as Point
  if (next <= 0) return { bad: Math.max(small, to.bad), lost: to.lost }
  const from = best[next - 1] as Point
  const part = (cost - from.replicaSeconds) / (to.replicaSeconds - from.replicaSeconds)
  const [high, low] = [log(Math.max(small, from.bad)), log(Math.max(small, to.bad))]
  return { bad: exp(high + (low - high) * part), lost: from.lost + (to.lost - from.lost) * part }
}

/** Shares that count as nothing, of so many requests. */
export function smallShare(offered: number): number {
  return Math.max(SMALL_SHARE, FEW_REQUESTS / Math.max(1, offered))
}

/**
 * A rival's harm over ours at the same replica-seconds: at `cost`, or, where the rival has never been there or
 * we never cost so little, at the nearest cost for which there is something to say. Where it always spends
 * more than we ever did, our dearest setting stands for ours: with more to spend we'd be no worse. Null where
 * we always spend more.
 */
export function ratioAt(
  ours: readonly Point[],
  theirs: readonly Point[],
  { cost, offered }: { cost: number; offered: number },
): Ratio | null {
  const [[least, most], [from, to]] = [costs(ours), costs(theirs)]
  const at = Math.min(to, Math.max(least, from, cost))
  const small = smallShare(offered)
  const mine = atCost(ours, Math.min(most, at), small)
  const other = atCost(theirs, at, small)
  if (mine === null || other === null) return null
  return {
    cost: Math.round(at),
    ours: mine,
    theirs: other,
    bad: times(other.bad, mine.bad, small),
    lost: times(other.lost, mine.lost, small),
    nearZero: Math.min(mine.bad, other.bad) <= small,
    moved: at !== cost,
  }
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
