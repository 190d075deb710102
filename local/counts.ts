import { check } from '../core/model/schema.ts'
import { sample, type Sample } from '../core/model/sample.ts'
import { follow } from '../core/runtime/follow.ts'

/** Counts of an endpoint since the start, by the edge's own samples: gap-free through its ring. */
export interface Counts {
  requests: number
  ok: number
  /** Answered 4xx by the model: the client's own doing. */
  clientErrors: number
  rejected: number
  failed: number
  abandoned: number
}

const NONE: Counts = { requests: 0, ok: 0, clientErrors: 0, rejected: 0, failed: 0, abandoned: 0 }

export function countRequests(edgeAdmin: string): { of(endpoint: string): Counts; stop(): void } {
  const totals = new Map<string, Counts>()
  /** The newest second counted of each endpoint: a second is asked for again, as its lines may come apart. */
  const counted = new Map<string, { boot: string; seq: number }>()
  let last: { boot: string; seq: number } | null = null
  const add = (value: unknown): void => {
    const checked = check(sample, value)
    if (!checked.ok) throw new Error('not a sample')
    const s = checked.value
    last = { boot: s.boot, seq: s.seq }
    const before = counted.get(s.endpoint)
    if (before?.boot === s.boot && s.seq <= before.seq) return
    counted.set(s.endpoint, last)
    totals.set(s.endpoint, plus(totals.get(s.endpoint) ?? NONE, s))
  }
  const stream = follow({
    url: () => {
      const since = last === null ? '' : `&since=${last.boot}:${Math.max(0, last.seq - 1)}`
      return `http://${edgeAdmin}/v1/samples?follow=1${since}`
    },
    line: add,
  })
  return { of: endpoint => totals.get(endpoint) ?? NONE, stop: () => stream.stop() }
}

function plus(counts: Counts, s: Sample): Counts {
  return {
    requests: counts.requests + s.offered,
    ok: counts.ok + s.completed.ok,
    clientErrors: counts.clientErrors + s.completed.client,
    rejected: Object.values(s.rejected).reduce((sum, count) => sum + count, counts.rejected),
    failed: counts.failed + s.completed.server,
    abandoned: counts.abandoned + s.abandoned,
  }
}
