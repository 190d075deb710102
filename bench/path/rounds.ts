import { besideIdle, costOf, load, saturate, taskOf, type Cost } from './measure.ts'
import type { Cores } from './lab.ts'
import type { Figures } from './load/open.ts'
import type { Around } from './ours.ts'
import {
  applies,
  ECHOES,
  MOST_CALLS,
  payloads,
  TOKEN_MS,
  TWO,
  type PayloadName,
  type ProxyName,
  type UpstreamKind,
} from './payloads.ts'
import { startProxy, stopProxy, type Proxy } from './proxies.ts'
import type { Point, Quantiles, Row } from './rows.ts'

export interface Plan {
  payload: PayloadName
  names: readonly ProxyName[]
  rounds: number
  seconds: number
  cores: Cores
  upstreams: Record<UpstreamKind, number>
  around: Around
}

/** All proxies run at once, and are measured in turn: each round begins with another one. */
export async function measurePayload(plan: Plan): Promise<{ rows: Row[]; notes: string[] }> {
  const { payload, rounds } = plan
  const proxies = await startAll(plan)
  const ceiling = await ceilingOf(plan)
  const rows: Row[] = []
  for (let round = 0; round < rounds; round++) {
    const direct = await directlyOnce(plan)
    for (let i = 0; i < proxies.length; i++) {
      const proxy = proxies[(i + round) % proxies.length]
      if (proxy === undefined) continue
      const measured = await measureOne(plan, proxy, direct)
      rows.push({ payload, proxy: proxy.name, round, ...measured })
      if (process.stderr.isTTY)
        process.stderr.write(`\r${payload}: round ${round + 1}, ${proxy.name}\u001b[K`)
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  for (const proxy of proxies) await stopProxy(proxy)
  return { rows, notes: ceiling === null ? [] : [ceiling] }
}

/** Those that are to carry the payload, warmed up. */
async function startAll(plan: Plan): Promise<Proxy[]> {
  const { payload, upstreams, cores, around } = plan
  const proxies: Proxy[] = []
  for (const name of plan.names.filter(each => applies(each, payload))) {
    const upstream = upstreams[payloads[payload].upstream]
    const proxy = await startProxy(name, { ...cores, payload, upstream, around })
    const why = await refusal(plan, proxy)
    if (why !== null) throw new Error(`${name}: ${why}`)
    proxies.push(proxy)
  }
  return proxies
}

/** Why the proxy does not carry the payload; null, and warm, where it does. */
async function refusal({ payload, cores, seconds }: Plan, proxy: Proxy): Promise<string | null> {
  const pace = { perSecond: 50, seconds: 2, connections: 2 }
  const figures = await load(cores, taskOf(payload, proxy.port, pace)).catch(String)
  if (typeof figures === 'string') return figures
  if (figures.all === 0 || figures.errors > 0) return `answers wrongly: ${JSON.stringify(figures)}`
  if (payloads[payload].load === 'closed')
    await saturate(cores, proxy.port, payloads[payload], Math.max(1, Math.ceil(seconds / 2)))
  return null
}

/** What the load's core can do at most, in words; null where the rate is the same for all. */
async function ceilingOf({ payload, upstreams, cores, seconds }: Plan): Promise<string | null> {
  const { load: kind, upstream, unit } = payloads[payload]
  if (kind === 'open') return null
  const { perSecond } = await saturate(cores, upstreams[upstream], payloads[payload], seconds)
  return `direct: ${Math.round(perSecond)} ${unit}s a second; a proxy whose core is not full was limited by load and upstream`
}

type Direct = Partial<Record<'two' | 'same', Quantiles>>

/** The upstream by itself at the points that are the same for all. */
async function directlyOnce(plan: Plan): Promise<Direct> {
  const { payload, upstreams } = plan
  const port = upstreams[payloads[payload].upstream]
  if (payload === 'idle') return {}
  if (payloads[payload].load === 'open')
    return { same: await loadAt(plan, port, sameRate(payload)) }
  return { two: await loadAt(plan, port, twoRate(payload), 2) }
}

async function measureOne(
  plan: Plan,
  proxy: Proxy,
  direct: Direct,
): Promise<Cost & Pick<Row, 'points' | 'idle'>> {
  const { payload, cores, seconds } = plan
  if (payload === 'idle') return { ...(await besideIdle(cores, proxy, seconds)), points: {} }
  if (payloads[payload].load === 'open') return atOneRate(plan, proxy, direct)
  const cost = await costOf(proxy, seconds, () =>
    saturate(cores, proxy.port, payloads[payload], seconds),
  )
  const half = Math.min(cost.perSecond / 2, payload === 'grpc' ? MOST_CALLS : Infinity)
  const port = plan.upstreams[payloads[payload].upstream]
  const points: Row['points'] = {
    half: pointOf(half, await loadAt(plan, proxy.port, half), await loadAt(plan, port, half)),
  }
  const rate = twoRate(payload)
  if (direct.two !== undefined)
    points.two = pointOf(rate, await loadAt(plan, proxy.port, rate, 2), direct.two)
  return { ...cost, points }
}

/** CPU and latency in one: the rate is the same for all. */
async function atOneRate(
  plan: Plan,
  proxy: Proxy,
  direct: Direct,
): Promise<Cost & Pick<Row, 'points'>> {
  const rate = sameRate(plan.payload)
  let figures: Figures | null = null
  const cost = await costOf(proxy, plan.seconds, async () => {
    figures = await loadAt(plan, proxy.port, rate)
    return { count: figures.all, perSecond: figures.all / plan.seconds, errors: figures.errors }
  })
  if (figures === null || direct.same === undefined) return { ...cost, points: {} }
  return { ...cost, points: { same: pointOf(rate, figures, direct.same) } }
}

function loadAt(
  { payload, cores, seconds }: Plan,
  port: number,
  perSecond: number,
  connections = payloads[payload].connections,
): Promise<Figures> {
  return load(cores, taskOf(payload, port, { perSecond, seconds, connections }))
}

function pointOf(rate: number, figures: Figures, direct: Quantiles): Point {
  const { core: load, errors } = figures
  return { rate, ...quantiles(figures), errors, load, direct: quantiles(direct) }
}

function quantiles({ p50, p99, p999 }: Quantiles): Quantiles {
  return { p50, p99, p999 }
}

/** A second; of streams, events over all of them. */
function sameRate(payload: PayloadName): number {
  return payload === 'sse' ? (payloads.sse.connections * 1000) / TOKEN_MS : ECHOES
}

function twoRate(payload: PayloadName): number {
  return payload === '1MB' ? TWO.largeRate : TWO.rate
}
