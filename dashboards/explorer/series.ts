import type { Point } from './model.ts'

/** Points of an endpoint as columns for charts, at most the last 15 min. Pure. */
export const SPAN_MS = 15 * 60_000

/** Adds points in order of time, each second once, and forgets what is older than 15 min before the newest. */
export function addPoints(known: readonly Point[], came: readonly Point[]): Point[] {
  const last = known.at(-1)?.t ?? -Infinity
  const fresh = came.filter(point => point.t > last).toSorted((a, b) => a.t - b.t)
  if (fresh.length === 0) return [...known]
  const newest = fresh.at(-1)?.t ?? 0
  return [...known, ...fresh].filter(point => point.t > newest - SPAN_MS)
}

type Column = (number | null)[]
export type Columns = [number[], ...Column[]]
type Read = (point: Point) => number | null

/** Seconds since 1970, then one column for each reader. A pause of more than 3 s is a gap in the lines. */
export function columns(points: readonly Point[], reads: readonly Read[]): Columns {
  const times: number[] = []
  const values: Column[] = reads.map(() => [])
  let before: number | null = null
  for (const point of points) {
    if (before !== null && point.t - before > 3000) {
      times.push((before + 1000) / 1000)
      for (const column of values) column.push(null)
    }
    before = point.t
    times.push(point.t / 1000)
    reads.forEach((read, i) => values[i]?.push(read(point)))
  }
  return [times, ...values]
}

/** Slots of all ready replicas together. */
export function capacityOf(point: Point): number {
  return point.limit * point.ready
}

/** A trailing mean over `seconds`, for rates that jump by whole requests. */
export function smooth(
  points: readonly Point[],
  seconds: number,
  read: (point: Point) => number,
): number[] {
  let sum = 0
  let from = 0
  return points.map((point, i) => {
    sum += read(point)
    for (
      let first = points[from];
      first !== undefined && first.t <= point.t - seconds * 1000;
      first = points[from]
    ) {
      sum -= read(first)
      from++
    }
    return sum / (i - from + 1)
  })
}
