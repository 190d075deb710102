import type { Distribution } from '../../core/model/distribution.ts'
import { bucketOf } from '../../core/model/histogram.ts'
import { EMPTY_WINDOW, fold, type Window } from '../../core/model/window.ts'
import {
  spreadOf,
  type EndpointWindow,
  type EndpointWindows,
  type ReplicaRow,
} from '../../core/model/windows.ts'
import type { Second } from './plant.ts'

/** One second as the aggregator would have folded it. */
export interface Measured {
  replicas: Window
  edges: Window
  offered: number
  expected: number
  reporting: number
}

/** A second of the plant as samples tell it; `heard` is the share of replicas that report. */
export function measured(s: Second, ready: number, heard: number, edge: boolean): Measured {
  const part = (n: number): number => Math.round(n * heard)
  const reporting = Math.round(ready * heard)
  const waiting = { integral: s.waiting, max: s.waitingMax, end: s.waitingEnd }
  const front = {
    offered: s.offered,
    rejected: { ...EMPTY_WINDOW.rejected, full: s.rejected },
    queued: waiting,
    wait: distributionOf(s.served, s.waitUs),
  }
  const replicas: Window = {
    ...EMPTY_WINDOW,
    samples: reporting,
    us: reporting * 1_000_000,
    admitted: part(s.served + s.failed),
    attempts: edge ? part(s.served + s.failed) : 0,
    completed: { ok: part(s.served), client: 0, server: part(s.failed) },
    inFlight: { integral: part(s.inFlight), max: 0, end: Math.round(s.inFlight / 1_000_000) },
    service: distributionOf(part(s.served), s.serviceUs),
    boundUs: s.boundUs * reporting,
    ...(edge ? {} : { ...front, offered: part(s.offered) }),
  }
  const edges: Window = edge
    ? { ...EMPTY_WINDOW, samples: 1, us: 1_000_000, ...front }
    : EMPTY_WINDOW
  return {
    replicas,
    edges,
    offered: edge ? s.offered : part(s.offered),
    expected: ready,
    reporting,
  }
}

function distributionOf(count: number, us: number): Distribution {
  if (count === 0) return EMPTY_WINDOW.service
  const squares = (BigInt(count) * BigInt(us) * BigInt(us)).toString()
  return { count, sum: count * us, squares, histogram: [bucketOf(us), count] }
}

/** The aggregator's answer over the seconds that it has, newest last. */
export function windowsOf(seconds: Measured[], at: number, names: string[]): EndpointWindows {
  const spans = [1, 3, 20, 30, 300]
  const newest = seconds.at(-1)
  return {
    v: 1,
    endpoint: 'local/plant',
    at,
    windows: Object.fromEntries(spans.map(span => [span, windowOf(seconds.slice(-span), span)])),
    replicas: names.slice(0, newest?.reporting ?? 0).map(name => row(name, newest)),
    folds: {},
    offeredPerSecond: seconds.slice(-300).map(s => s.offered),
    causes: [],
    epoch: 1,
    warm: true,
  }
}

function windowOf(seconds: Measured[], span: number): EndpointWindow {
  const expected = seconds.reduce((sum, s) => sum + s.expected, 0)
  const reporting = seconds.reduce((sum, s) => sum + s.reporting, 0)
  const none = spreadOf([])
  return {
    seconds: span,
    replicas: seconds.map(s => s.replicas).reduce(fold, EMPTY_WINDOW),
    edges: seconds.map(s => s.edges).reduce(fold, EMPTY_WINDOW),
    over: { inFlight: none, queued: none, serviceUs: none, admittedMilli: none },
    coverage: expected === 0 ? 1000 : Math.round((reporting * 1000) / expected),
    expected: seconds.at(-1)?.expected ?? 0,
    reporting: seconds.at(-1)?.reporting ?? 0,
    stalenessMs: 0,
  }
}

function row(replica: string, s: Measured | undefined): ReplicaRow {
  const each = Math.max(1, s?.reporting ?? 1)
  return {
    replica,
    revision: 'r1',
    ageMs: 0,
    inFlightMilli: Math.round((s?.replicas.inFlight.integral ?? 0) / 1000 / each),
    queuedMilli: 0,
    offered: 0,
    ok: Math.round((s?.replicas.completed.ok ?? 0) / each),
    server: Math.round((s?.replicas.completed.server ?? 0) / each),
    serviceUs: null,
    cpuPermille: null,
    effective: 1,
    order: null,
  }
}
