import { fine, many, orFine, unknown, wrong, type Finding, type Known } from './finding.ts'

/** What the aggregator knows of an endpoint now. */
export type Live = Known<{
  /** Replica-seconds seen of those expected, permille. */
  coverage: number
  /** The order that each replica follows. */
  orders: { replica: string; order: { epoch: number; n: number } | null; ageMs: number }[]
}>

const SILENT_MS = 5000

export function liveFindings(
  endpoints: readonly string[],
  live: ReadonlyMap<string, Live>,
): Finding[] {
  const found = endpoints.flatMap(endpoint => {
    const fact = live.get(endpoint)
    return fact === undefined ? [] : [{ endpoint, fact }]
  })
  const blind = found.flatMap(({ endpoint, fact }) =>
    'why' in fact ? [unknown('signals', fact.why, endpoint)] : [],
  )
  const seen = found.flatMap(({ endpoint, fact }) =>
    'value' in fact ? [{ endpoint, ...fact.value }] : [],
  )
  const silent = seen.flatMap(({ endpoint, orders, coverage }) => {
    const away = orders.filter(({ ageMs }) => ageMs > SILENT_MS).map(({ replica }) => replica)
    if (away.length === 0 && coverage >= 500) return []
    const who =
      away.length === 0 ? `${coverage / 10} % of the seconds came` : `Silent: ${away.join(', ')}`
    return [wrong('signals', 'failure', endpoint, `${who}.`)]
  })
  const apart = seen.flatMap(({ endpoint, orders }) => {
    const awake = orders.filter(({ ageMs }) => ageMs <= SILENT_MS)
    const names = new Set(
      awake.map(({ order }) => (order === null ? 'none' : `${order.epoch}/${order.n}`)),
    )
    if (names.size <= 1) return []
    const words = `The replicas follow different orders (epoch/number): ${[...names].toSorted().join(', ')}.`
    return [wrong('orders', 'failure', endpoint, words)]
  })
  const replicas = seen.reduce((sum, { orders }) => sum + orders.length, 0)
  if (seen.length === 0 && blind.length > 0) return blind
  return [
    ...orFine([...blind, ...silent], 'signals', `They come from ${many(replicas, 'replica')}.`),
    ...(apart.length > 0 ? apart : [fine('orders', 'The replicas of each endpoint follow one.')]),
  ]
}
