import { payloads, type PayloadName, type ProxyName } from '../bench/path/payloads.ts'
import { addedRatio, type PathResult } from '../bench/path/result.ts'
import { Rows, type Row } from '../bench/path/rows.ts'
import { head, line } from './tables.ts'

const OURS = 'outrigger'
const CHAIN = 'outrigger-chain'
const PEERS: readonly ProxyName[] = ['haproxy', 'http-proxy', 'undici', 'http2-relay']
/** Requests a second that the derivation is for. */
const ASKED = 300_000

/** The part of docs/results.md about the request path. */
export function pathResults({ commit, rounds }: PathResult, all: readonly Row[]): string {
  const rows = new Rows(all)
  const names = rows.payloads()
  return `## What does a request cost on its way?

Measured at commit ${commit.slice(0, 10)} by \`make bench-path\`, ${rounds} rounds that take turns, on two shared cores ([how](performance.md#how-the-request-path-is-measured)):
CPU of a request (stream, echo, call) through our sidecar with all of its telemetry, and times that of others; medians, with
the range over the rounds for nginx. *Two hops*: edge and sidecar over one nginx, and over nginx twice. *Added*: what the
sidecar adds to latency over two connections (streams and echoes: at the rate that is the same for all), over what nginx adds.

${head(['Payload', 'CPU, us', 'x nginx', 'x HAProxy', 'x http-proxy', 'x undici', 'x http2 relay', 'Two hops', 'Added p50', 'Added p99', 'RSS, MB'])}
${names.map(name => line(cells(rows, name))).join('\n')}

### ${ASKED.toLocaleString('en')} requests a second on paper

${derivation(rows)}
`
}

function cells(rows: Rows, name: PayloadName): string[] {
  const over = (who: ProxyName, other: ProxyName): string => {
    const ratio = rows.cpuRatio(name, who, other)
    return ratio === null ? '' : ratio.median.toFixed(2)
  }
  const nginx = rows.cpuRatio(name, OURS, 'nginx')
  const hops = [over(CHAIN, 'nginx'), over(CHAIN, 'nginx-twice')].filter(each => each !== '')
  const at = payloads[name].load === 'open' ? 'same' : 'two'
  const added = (['p50', 'p99'] as const).map(
    quantile => addedRatio(rows, name, at, quantile)?.toFixed(2) ?? '',
  )
  return [
    `${name}: ${payloads[name].says}`,
    figure(rows.median(name, OURS, ({ cpuUs }) => cpuUs)),
    nginx === null
      ? ''
      : `${nginx.median.toFixed(2)} (${nginx.least.toFixed(2)}-${nginx.most.toFixed(2)})`,
    ...PEERS.map(peer => over(OURS, peer)),
    hops.join(' / '),
    ...added,
    (rows.median(name, OURS, ({ rss }) => rss) / 1e6).toFixed(0),
  ]
}

/** Cores by what a request of 31 bytes takes: what is linear in requests, and nothing else. */
function derivation(rows: Rows): string {
  const us = (who: ProxyName): number => rows.median('31B', who, ({ cpuUs }) => cpuUs)
  const cores = (each: number): string => ((each * ASKED) / 1e6).toFixed(1)
  const edge = us(CHAIN) - us(OURS)
  const steps: [string, number][] = [
    ['sidecars, one beside each replica', us(OURS)],
    ['edges, with what a sidecar has to do more behind one', edge],
    ['both', us(CHAIN)],
    ['nginx in place of the sidecars', us('nginx')],
    ['nginx in place of both', us('nginx-twice')],
  ]
  return `A process of Node has one core for its requests, so many of them share the load: sidecars because there is one for each
replica, edges by worker and replica ([edge.md](edge.md)). Cores are then CPU of a request times requests a second; a core that is to
be used by 70 % at most makes it as much more. ${Math.floor(1e6 / us(OURS) / 1000)},000 a second fill one sidecar's core on this machine, ${Math.floor(1e6 / edge / 1000)},000 one edge worker's.

${head(['What', 'CPU of a request, us', 'Cores', 'Cores at 70 %'])}
${steps.map(([what, each]) => line([what, figure(each), cores(each), cores(each / 0.7)])).join('\n')}`
}

function figure(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0)
}
