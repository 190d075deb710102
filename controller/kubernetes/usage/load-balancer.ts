import { lookup } from 'node:dns/promises'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { fold, readExposition } from '../../../core/model/exposition.ts'
import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Time } from '../api/time.ts'
import { whole } from '../api/exchange.ts'
import { each } from '../act/each.ts'

/** What a load balancer in front of an endpoint says of it. */
export interface Balancer {
  /** Requests that wait there for a connection: they count as held. */
  held: number
  active: number | null
  healthy: number | null
}

const PENDING = 'envoy_cluster_upstream_rq_pending_active'
const ACTIVE = 'envoy_cluster_upstream_rq_active'
const HEALTHY = 'envoy_cluster_membership_healthy'
const WANTED = new Set([PENDING, ACTIVE, HEALTHY])
const BOUNDS = { maxBytes: 8 * 1024 * 1024, maxLines: 200_000 }

/**
 * Reads Envoy's cluster statistics (/stats/prometheus). `cluster` is the one to look at; without it all of
 * them add up, as for a proxy that serves one endpoint alone. Null where no such statistic is.
 */
export function readBalancer(text: string, cluster: string | null): Balancer | null {
  const { series } = readExposition(text, WANTED, BOUNDS)
  const only = cluster === null ? {} : { only: new Map([['envoy_cluster_name', cluster]]) }
  const sum = (name: string): number | null => {
    const found = fold(series.get(name), { how: 'sum', ...only })
    return found === null ? null : Math.max(0, Math.round(found))
  }
  const held = sum(PENDING)
  return held === null ? null : { held, active: sum(ACTIVE), healthy: sum(HEALTHY) }
}

/**
 * Where people may send us: not to ourselves, and not to the addresses that clouds answer secrets on. What
 * comes back is read for three numbers only, and never shown.
 */
const forbidden = new BlockList()
forbidden.addSubnet('127.0.0.0', 8, 'ipv4')
forbidden.addSubnet('0.0.0.0', 8, 'ipv4')
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addAddress('::1', 'ipv6')
forbidden.addAddress('::', 'ipv6')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addAddress('fd00:ec2::254', 'ipv6')

export function isForbidden(ip: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  return forbidden.check(mapped ?? ip, isIPv6(mapped ?? ip) ? 'ipv6' : 'ipv4')
}

/** One page, from an address that was looked up and checked before; redirects are not followed. */
export async function fetchPage(url: URL): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const ip = isIP(host) === 0 ? (await lookup(host)).address : host
  if (isForbidden(ip)) throw new Error(`${host} is ${ip}: not an address of a load balancer`)
  const tls = url.protocol === 'https:'
  const options = {
    host: ip,
    port: url.port || (tls ? 443 : 80),
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, accept: 'text/plain', 'user-agent': 'outrigger' },
    signal: AbortSignal.timeout(4000),
    ...(tls && isIP(host) === 0 ? { servername: host } : {}),
  }
  return new Promise((resolve, reject) => {
    const asked = (tls ? tlsRequest : plainRequest)(options, response => {
      if (response.statusCode === 200) {
        whole(response, BOUNDS.maxBytes).then(resolve, reject)
        return
      }
      response.resume()
      reject(new Error(`answered ${response.statusCode}`))
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** `URL`, or `URL#CLUSTER` for one of Envoy's clusters. Null for what is no http URL. */
export function readBalancerUrl(text: string): { url: URL; cluster: string | null } | null {
  const url = URL.canParse(text) && text.length <= 2000 ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  const cluster = url.hash === '' ? null : decodeURIComponent(url.hash.slice(1))
  url.hash = ''
  return { url, cluster }
}

const EVERY_MS = 5000
const STALE_MS = 15_000

/** Reads the load balancers' pages that annotations name. */
export class BalancerWatch {
  private readonly options: {
    /** The annotation by endpoint. */
    urls: () => ReadonlyMap<string, string>
    read: (url: URL) => Promise<string>
    log: Log
    time: Time
  }
  private readonly known = new Map<string, { balancer: Balancer; at: number }>()
  private readonly failing = new Set<string>()
  private stopped = false
  private cancel = (): void => undefined

  constructor(options: BalancerWatch['options']) {
    this.options = options
  }

  start(): void {
    void this.round()
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  held(endpoint: string): number | null {
    const known = this.known.get(endpoint)
    const fresh = known !== undefined && this.options.time.now() - known.at < STALE_MS
    return fresh ? known.balancer.held : null
  }

  async look(): Promise<void> {
    const urls = this.options.urls()
    for (const endpoint of this.known.keys()) if (!urls.has(endpoint)) this.known.delete(endpoint)
    await each([...urls], ([endpoint, text]) => this.ask(endpoint, text))
  }

  private async round(): Promise<void> {
    await this.look()
    if (!this.stopped) this.cancel = this.options.time.after(EVERY_MS, () => void this.round())
  }

  private async ask(endpoint: string, text: string): Promise<void> {
    const { read, log, time } = this.options
    try {
      const at = readBalancerUrl(text)
      if (at === null) throw new Error(`expected an http URL, got ${JSON.stringify(text)}`)
      const balancer = readBalancer(await read(at.url), at.cluster)
      if (balancer === null) throw new Error(`expected ${PENDING}, got a page without it`)
      this.known.set(endpoint, { balancer, at: time.now() })
      this.failing.delete(endpoint)
    } catch (error) {
      if (this.failing.has(endpoint)) return
      this.failing.add(endpoint)
      log('warn', "can't read a load balancer's metrics", { endpoint, why: wordsOfError(error) })
    }
  }
}
