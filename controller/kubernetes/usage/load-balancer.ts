import { fold, readExposition, type Series } from '../../../core/model/exposition.ts'
import type { Log } from '../../../core/runtime/log.ts'
import type { Time } from '../api/time.ts'
import { Rounds } from './rounds.ts'

/** What a load balancer in front of an endpoint says of it. */
export interface Balancer {
  /** Requests that wait there for a connection: they count as held. */
  held: number
  active: number | null
  healthy: number | null
}

/** Which of Envoy's clusters, or which gauge of something else. */
export interface What {
  cluster: string | null
  gauge: string | null
}

const PENDING = 'envoy_cluster_upstream_rq_pending_active'
const ACTIVE = 'envoy_cluster_upstream_rq_active'
const HEALTHY = 'envoy_cluster_membership_healthy'
const WANTED = new Set([PENDING, ACTIVE, HEALTHY])
const BOUNDS = { maxBytes: 8 * 1024 * 1024, maxLines: 200_000 }

/**
 * Reads Envoy's cluster statistics (/stats/prometheus, or what Prometheus itself hands on, where the label
 * has a shorter name). `cluster` is the one to look at; without it all of them add up, as for a proxy that
 * serves one endpoint alone. Null where no such statistic is.
 */
export function readBalancer(text: string, { cluster, gauge }: What): Balancer | null {
  if (gauge !== null) return readGauge(text, gauge)
  const { series } = readExposition(text, WANTED, BOUNDS)
  const chosen = ({ labels }: Series): boolean =>
    cluster === null || (labels.get('envoy_cluster_name') ?? labels.get('cluster_name')) === cluster
  const sum = (name: string): number | null => {
    const found = fold(series.get(name)?.filter(chosen), { how: 'sum' })
    return countOf(found)
  }
  const held = sum(PENDING)
  return held === null ? null : { held, active: sum(ACTIVE), healthy: sum(HEALTHY) }
}

/** Any other load balancer's gauge of requests that wait, all its series added up. */
function readGauge(text: string, gauge: string): Balancer | null {
  const { series } = readExposition(text, new Set([gauge]), BOUNDS)
  const held = countOf(fold(series.get(gauge), { how: 'sum' }))
  return held === null ? null : { held, active: null, healthy: null }
}

/** More than a load balancer can mean: whoever names the page could spoil what is computed from it. */
const MOST = 1e9

function countOf(value: number | null): number | null {
  return value === null || value > MOST ? null : Math.max(0, Math.round(value))
}

/** `URL`, `URL#CLUSTER` for one of Envoy's clusters, or `URL#gauge=NAME`. Null for what is no http URL. */
export function readBalancerUrl(text: string): { url: URL; what: What } | null {
  const url = URL.canParse(text) && text.length <= 2000 ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  const hash = unescaped(url.hash.slice(1))
  url.hash = ''
  const gauge = /^gauge=([a-zA-Z_:][a-zA-Z0-9_:]*)$/.exec(hash)?.[1] ?? null
  return { url, what: { gauge, cluster: hash === '' || gauge !== null ? null : hash } }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export interface BalancerOptions {
  /** The annotation by endpoint. */
  urls: () => ReadonlyMap<string, string>
  read: (url: URL) => Promise<string>
  log: Log
  time: Time
}

/** Reads the load balancers' pages that annotations name: what waits there, by endpoint. */
export function balancerRounds({ urls, read, log, time }: BalancerOptions): Rounds<string, number> {
  const words = {
    name: 'endpoint',
    fails: "can't read a load balancer's metrics",
    again: "a load balancer's metrics are read again",
  }
  async function ask(endpoint: string, text: string): Promise<[string, number][]> {
    const at = readBalancerUrl(text)
    if (at === null) throw new Error(`expected an http URL, got ${JSON.stringify(text)}`)
    const balancer = readBalancer(await read(at.url), at.what)
    if (balancer === null)
      throw new Error(`expected ${at.what.gauge ?? PENDING}, got a page without it`)
    return [[endpoint, balancer.held]]
  }
  return new Rounds({ whom: urls, ask, words, log, time })
}
