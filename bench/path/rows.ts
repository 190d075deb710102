import type { PayloadName, ProxyName } from './payloads.ts'

/** us, from release to the end of the answer. */
export interface Quantiles {
  p50: number
  p99: number
  p999: number
}

/** Latency in one round at one point of load, and that of the upstream by itself at the same point. */
export interface Point extends Quantiles {
  rate: number
  errors: number
  /** Share of the load's core that load and upstream used: near 1 the latencies are theirs. */
  load: number
  direct: Quantiles
}

export const pointNames = ['half', 'two', 'same'] as const
export type PointName = (typeof pointNames)[number]

/** What one proxy cost with one payload in one round. */
export interface Row {
  payload: PayloadName
  proxy: ProxyName
  round: number
  /** utime + stime of the process tree, us for each request, stream, echo or call. */
  cpuUs: number
  /** null: the machine does not count them. */
  instructions: number | null
  perSecond: number
  /** Share of its core: near 1 the proxy was what limited, else the load or the upstream. */
  core: number
  errors: number
  /** After the load, bytes. */
  rss: number
  pss: number
  dirty: number
  points: Partial<Record<PointName, Point>>
  /** Only beside idle connections: how many stayed open, and CPU with no request at all. */
  idle?: { open: number; cpuMsAMinute: number }
}

/** Fuller, and the load itself would be late. */
const MOST_LOAD = 0.9

/** NaN for nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

export interface Spread {
  median: number
  least: number
  most: number
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}

export class Rows {
  readonly all: readonly Row[]

  constructor(all: readonly Row[]) {
    this.all = all
  }

  of(payload: PayloadName, proxy: ProxyName): Row[] {
    return this.all.filter(row => row.payload === payload && row.proxy === proxy)
  }

  proxies(payload: PayloadName): ProxyName[] {
    return [...new Set(this.all.filter(row => row.payload === payload).map(({ proxy }) => proxy))]
  }

  payloads(): PayloadName[] {
    return [...new Set(this.all.map(({ payload }) => payload))]
  }

  median(payload: PayloadName, proxy: ProxyName, value: (row: Row) => number): number {
    return median(this.of(payload, proxy).map(value))
  }

  /** CPU of the one over that of the other, round by round; null where not both were measured. */
  cpuRatio(payload: PayloadName, proxy: ProxyName, other: ProxyName): Spread | null {
    const others = this.of(payload, other)
    const ratios = this.of(payload, proxy).flatMap(({ round, cpuUs }) =>
      others.filter(row => row.round === round).map(row => cpuUs / row.cpuUs),
    )
    return ratios.length === 0 ? null : spread(ratios)
  }

  /** Whether the load had room on its core, so that latencies are the proxy's. */
  roomy(payload: PayloadName, proxy: ProxyName, at: PointName): boolean {
    const loads = this.of(payload, proxy).flatMap(({ points }) => points[at]?.load ?? [])
    return median(loads) <= MOST_LOAD
  }

  /** Medians of what was added over direct, us; null where it was not measured. */
  added(payload: PayloadName, proxy: ProxyName, at: PointName): Quantiles | null {
    const points = this.of(payload, proxy).flatMap(({ points: all }) => all[at] ?? [])
    if (points.length === 0) return null
    const by = (name: keyof Quantiles): number =>
      median(points.map(point => point[name] - point.direct[name]))
    return { p50: by('p50'), p99: by('p99'), p999: by('p999') }
  }
}
