import { pointNames, type PointName, type Rows } from './rows.ts'
import type { PayloadName, ProxyName } from './payloads.ts'

/** bench/results/path.json: medians of ours; what does not apply, or was not measured, is left out. */
export interface PathResult {
  commit: string
  rounds: number
  payloads: Partial<Record<PayloadName, PayloadResult>>
}

export interface PayloadResult {
  cpuVsNginx?: number
  cpuVsHaproxy?: number
  cpuVsHttpProxy?: number
  cpuVsUndici?: number
  cpuVsHttp2Relay?: number
  addedP99Ms?: number
  addedP99VsNginx?: number
  rssMb?: number
  pssMb?: number
}

const OURS = 'outrigger'
const PEERS = {
  cpuVsNginx: 'nginx',
  cpuVsHaproxy: 'haproxy',
  cpuVsHttpProxy: 'http-proxy',
  cpuVsUndici: 'undici',
  cpuVsHttp2Relay: 'http2-relay',
} as const satisfies Partial<Record<keyof PayloadResult, ProxyName>>

/** What nginx adds is no measure of anything below this, us: half a turn of the pacer's timer. */
const LEAST_ADDED = 5

export function resultOf(rows: Rows, commit: string, rounds: number): PathResult {
  const payloads: PathResult['payloads'] = {}
  for (const payload of rows.payloads()) {
    if (rows.of(payload, OURS).length > 0) payloads[payload] = one(rows, payload)
  }
  return { commit, rounds, payloads }
}

function one(rows: Rows, payload: PayloadName): PayloadResult {
  const result: PayloadResult = {}
  for (const [key, peer] of Object.entries(PEERS)) {
    const ratio = rows.cpuRatio(payload, OURS, peer)
    if (ratio !== null) result[key as keyof typeof PEERS] = rounded(ratio.median, 1000)
  }
  const points = pointNames.filter(
    at => rows.roomy(payload, OURS, at) && rows.roomy(payload, 'nginx', at),
  )
  const worst = greatest(points.map(at => (rows.added(payload, OURS, at)?.p99 ?? NaN) / 1000))
  if (worst !== null) result.addedP99Ms = rounded(worst, 1000)
  const ratio = greatest(points.flatMap(at => addedRatio(rows, payload, at, 'p99') ?? []))
  if (ratio !== null) result.addedP99VsNginx = rounded(ratio, 1000)
  result.rssMb = rounded(rows.median(payload, OURS, ({ rss }) => rss) / 1e6, 10)
  result.pssMb = rounded(rows.median(payload, OURS, ({ pss }) => pss) / 1e6, 10)
  return result
}

/** What a proxy adds over what nginx adds; null where nginx adds too little to divide by. */
export function addedRatio(
  rows: Rows,
  payload: PayloadName,
  at: PointName,
  quantile: 'p50' | 'p99' | 'p999',
  proxy: ProxyName = OURS,
): number | null {
  const ours = rows.added(payload, proxy, at)
  const nginx = rows.added(payload, 'nginx', at)
  if (ours === null || nginx === null || nginx[quantile] < LEAST_ADDED) return null
  return ours[quantile] / nginx[quantile]
}

function greatest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values)
}

function rounded(value: number, steps: number): number {
  return Math.round(value * steps) / steps
}
