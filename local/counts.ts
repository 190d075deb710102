import { check } from '../core/model/schema.ts'
import { sample } from '../core/model/sample.ts'
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

export function countRequests(edgeAdmin: string): { of(endpoint: string): Counts; stop(): void } {
  const totals = new Map<string, Counts>()
  let last: { boot: string; seq: number } | null = null
  const add = (value: unknown): void => {
    const checked = check(sample, value)
    if (!checked.ok) throw new Error('not a sample')
    const s = checked.value
    const counts = totals.get(s.endpoint) ?? {
      requests: 0,
      ok: 0,
      clientErrors: 0,
      rejected: 0,
      failed: 0,
      abandoned: 0,
    }
    counts.requests += s.offered
    counts.ok += s.completed.ok
    counts.clientErrors += s.completed.client
    counts.failed += s.completed.server
    counts.abandoned += s.abandoned
    for (const count of Object.values(s.rejected)) counts.rejected += count
    totals.set(s.endpoint, counts)
    last = { boot: s.boot, seq: s.seq }
  }
  const stream = follow({
    url: () =>
      `http://${edgeAdmin}/v1/samples?follow=1${last === null ? '' : `&since=${last.boot}:${last.seq}`}`,
    line: add,
  })
  return {
    of: endpoint =>
      totals.get(endpoint) ?? {
        requests: 0,
        ok: 0,
        clientErrors: 0,
        rejected: 0,
        failed: 0,
        abandoned: 0,
      },
    stop: () => stream.stop(),
  }
}
