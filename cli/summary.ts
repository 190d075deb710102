import { logDirOf } from '../controller/journal.ts'
import { walk } from '../controller/record/chain.ts'
import { recordOf } from '../controller/record/line.ts'
import type { Counts } from '../local/counts.ts'

/** What `outrigger up --json` ends with. */
export interface Summary {
  endpoints: Record<string, EndpointSummary>
  log: { records: number; verified: boolean }
}

interface EndpointSummary extends Counts {
  /** The limit last decided; 0 before the first. */
  limit: number
  replicas: { min: number; max: number; now: number }
  /** Decisions of this run and those before it in the same state folder, repeated holds counted each. */
  decisions: number
}

export interface Counted {
  endpoint: string
  name: string
  counts: Counts
  replicas: EndpointSummary['replicas']
}

export async function summaryOf(state: string, counted: Counted[]): Promise<Summary> {
  const decisions = new Map<string, number>()
  const limits = new Map<string, number>()
  const endpointOf = new Map<number, string>()
  const count = (endpoint: string, by: number): void =>
    void decisions.set(endpoint, (decisions.get(endpoint) ?? 0) + by)
  const chain = await walk(logDirOf(state), (envelope, line) => {
    if (envelope.kind !== 'decision' && envelope.kind !== 'repeat') return
    const record = recordOf(line.bytes)
    if (record.kind === 'decision') {
      endpointOf.set(record.seq, record.body.endpoint)
      count(record.body.endpoint, 1)
      if (record.body.what === 'limit') limits.set(record.body.endpoint, record.body.outcome.to)
    } else if (record.kind === 'repeat') {
      count(endpointOf.get(record.body.of) ?? '', record.body.nows.length)
    }
  })
  return {
    endpoints: Object.fromEntries(
      counted.map(({ endpoint, name, counts, replicas }) => [
        name,
        {
          ...counts,
          limit: limits.get(endpoint) ?? 0,
          replicas,
          decisions: decisions.get(endpoint) ?? 0,
        },
      ]),
    ),
    log: { records: chain.records, verified: chain.records > 0 && chain.broken === null },
  }
}

export function sentencesOf(summary: Summary): string[] {
  const { records, verified } = summary.log
  return [
    ...Object.entries(summary.endpoints).map(
      ([name, s]) =>
        `${name}: ${s.requests} requests, ${s.ok} ok, ${s.rejected} rejected, ${s.failed} failed; limit ${s.limit}; ` +
        `${s.replicas.min} to ${s.replicas.max} replicas; ${s.decisions} decisions`,
    ),
    `Decision log: ${records} records, ${verified ? 'the chain holds' : 'THE CHAIN DOES NOT HOLD (outrigger decisions verify)'}.`,
  ]
}
