import { quantile } from '../core/model/histogram.ts'
import type { EndpointWindows } from '../core/model/windows.ts'

/** One second of an endpoint, for charts. Levels in requests, p95 in us. */
export interface Point {
  /** ms since 1970, the aggregator's clock. */
  t: number
  offered: number
  ok: number
  rejected: number
  inFlight: number
  queued: number
  held: number
  ready: number
  desired: number
  limit: number
  p95Us: number | null
}

/** 15 minutes. */
const KEPT = 900

/** The last seconds of every endpoint, in memory only. */
export class History {
  private readonly points = new Map<string, Point[]>()

  add(windows: EndpointWindows, now: { ready: number; desired: number; limit: number }): void {
    const list = this.points.get(windows.endpoint) ?? []
    list.push({ ...pointOf(windows), ...now })
    if (list.length > KEPT + 100) list.splice(0, list.length - KEPT)
    this.points.set(windows.endpoint, list)
  }

  of(endpoint: string): Point[] {
    return this.points.get(endpoint)?.slice(-KEPT) ?? []
  }

  /** Forgets endpoints that are gone. */
  keep(endpoints: ReadonlySet<string>): void {
    for (const name of this.points.keys()) if (!endpoints.has(name)) this.points.delete(name)
  }
}

/** The newest second of an endpoint: replicas and edges together. */
export function pointOf({
  at,
  windows,
}: EndpointWindows): Omit<Point, 'ready' | 'desired' | 'limit'> {
  const second = windows['1']
  if (second === undefined) {
    return { t: at, offered: 0, ok: 0, rejected: 0, inFlight: 0, queued: 0, held: 0, p95Us: null }
  }
  const { replicas, edges } = second
  // A sidecar's no-slot is an attempt of an edge that went elsewhere: nobody was turned away.
  const own = { ...replicas.rejected, 'no-slot': 0 }
  const rejected = [own, edges.rejected].flatMap(each => Object.values(each))
  return {
    t: at,
    offered: replicas.offered + edges.offered,
    ok: replicas.completed.ok,
    rejected: rejected.reduce((sum, n) => sum + n, 0),
    inFlight: replicas.inFlight.end,
    queued: replicas.queued.end,
    held: edges.queued.end,
    p95Us: quantile(replicas.service.histogram, 950),
  }
}
