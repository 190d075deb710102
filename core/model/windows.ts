import { distribution } from './distribution.ts'
import { endpointName, revisionName } from './names.ts'
import { orderNumber } from './order.ts'
import {
  bool,
  int,
  list,
  map,
  nullable,
  object,
  oneOf,
  optional,
  text,
  type Infer,
} from './schema.ts'
import { window } from './window.ts'

/** What the aggregator tells: windows of an endpoint over its replicas and edges, and evidence for its limit. */

/** How a figure spreads over the replicas of an endpoint. */
export const spread = object({ sum: int(), mean: int(), max: int(), p95: int() })
export type Spread = Infer<typeof spread>

/** Integers; the mean is rounded, p95 is the nearest rank. All 0 for no replicas. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { sum: 0, mean: 0, max: 0, p95: 0 }
  const sorted = values.toSorted((x, y) => x - y)
  const sum = sorted.reduce((total, value) => total + value, 0)
  const rank = Math.ceil(sorted.length * 0.95) - 1
  return {
    sum,
    mean: Math.round(sum / sorted.length),
    max: sorted.at(-1) ?? 0,
    p95: sorted[rank] ?? 0,
  }
}

/** One span of an endpoint: all its replicas folded, all its edges folded, and how complete that is. */
export const endpointWindow = object({
  seconds: int(),
  replicas: window,
  edges: window,
  /** Over replicas, each as its mean over the span: requests x 1000 in flight and queued, us of service, offered per 1000 s. */
  over: object({ inFlight: spread, queued: spread, serviceUs: spread, admittedMilli: spread }),
  /** Replica-seconds seen of those expected, permille; 1000 when none was expected. */
  coverage: int(0, 1000),
  /** Replicas expected by the targets, and those with a sample in the span. */
  expected: int(),
  reporting: int(),
  /** ms since the newest sample of the replica that has been silent longest. */
  stalenessMs: int(),
})
export type EndpointWindow = Infer<typeof endpointWindow>

/** One replica's recent figures: for victims, outliers and people. Means over 20 s. */
export const replicaRow = object({
  replica: text(100),
  revision: revisionName,
  /** ms since its newest sample. */
  ageMs: int(),
  inFlightMilli: int(),
  queuedMilli: int(),
  offered: int(),
  ok: int(),
  server: int(),
  serviceUs: nullable(int()),
  cpuPermille: nullable(int()),
  effective: int(),
  order: nullable(orderNumber),
  /** As its newest sample has it. */
  direct: optional(int()),
})
export type ReplicaRow = Infer<typeof replicaRow>

/** Evidence of one arm of one slot under one order: settling seconds left out, guard seconds only counted. */
export const armFold = object({
  order: orderNumber,
  slot: int(),
  arm: oneOf('a', 'b', 'none'),
  /** Settled, unguarded replica-seconds and what happened in them. */
  seconds: int(),
  us: int(),
  offered: int(),
  admitted: int(),
  ok: int(),
  server: int(),
  late: int(),
  rejected: int(),
  inFlightIntegral: int(),
  inFlightMax: int(),
  boundUs: int(),
  tokensOut: int(),
  cpuUs: int(),
  service: distribution,
  /** Largest effective limit seen. */
  limit: int(),
  guardSeconds: int(),
  /** Sum of the effective limits in guard seconds. */
  guardLimits: int(),
  /** Of the second with most and least: to tell noise. Sum over seconds of ok^2. */
  okSquares: int(),
})
export type ArmFold = Infer<typeof armFold>
export const FOLDS_KEPT = 32

/** GET /v1/windows/ENDPOINT, and one line an endpoint each second with follow=1. */
export const endpointWindows = object({
  v: oneOf(1),
  endpoint: endpointName,
  /** The aggregator's clock at the end of the newest whole second, ms. */
  at: int(),
  /** Keyed by seconds: "1", "3", "20", "30", "300". */
  windows: map(endpointWindow, 8),
  replicas: list(replicaRow, 20_000),
  /** By revision, newest last. */
  folds: map(list(armFold, FOLDS_KEPT), 8),
  /** Offered (clients at edges and sidecars) in each of the last seconds, oldest first. */
  offeredPerSecond: list(int(), 300),
  causes: list(text(49), 16),
  /** The largest order epoch that any sample named. */
  epoch: int(),
  /** False until the rings have been read after a start of the aggregator. */
  warm: bool,
})
export type EndpointWindows = Infer<typeof endpointWindows>
