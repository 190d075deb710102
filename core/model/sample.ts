import { distribution } from './distribution.ts'
import { bootId, endpointName, revisionName, spanReference } from './names.ts'
import { orderNumber } from './order.ts'
import { bool, int, list, nullable, object, oneOf, optional, text, type Infer } from './schema.ts'

/**
 * A sample: what one replica (or one edge, for one endpoint) measured in one second. Everything is an
 * integer in fixed units, so folds are exact and the same in any order.
 */

/** Why a request was turned away before it reached the app. One table for sidecar, edge, docs and page. */
export const rejectReasons = [
  'full',
  'late',
  'no-slot',
  'no-replica',
  'draining',
  'upgrades',
] as const
export type RejectReason = (typeof rejectReasons)[number]

/** How many were turned away, by reason; and nobody: copied where it is counted in. */
export const rejections = object({
  full: int(),
  late: int(),
  'no-slot': int(),
  'no-replica': int(),
  draining: int(),
  upgrades: int(),
})
export const NO_REJECTIONS: Readonly<Record<RejectReason, number>> = {
  full: 0,
  late: 0,
  'no-slot': 0,
  'no-replica': 0,
  draining: 0,
  upgrades: 0,
}

const level = object({
  /** Sum over time of how many there were: requests x us. */
  integral: int(),
  max: int(),
  end: int(),
})

export const limitState = object({
  /** The limit that the order in force names; 0 on edge samples. */
  learned: int(),
  /** Which side of a probe this second belongs to: a = `limit`, b = `other`, or no probe. */
  arm: oneOf('a', 'b', 'none'),
  slot: int(),
  /** The first seconds of a slot: the old arm's requests are still in flight. */
  settling: bool,
  /** The fast guard holds the effective limit below the arm's. */
  guard: bool,
  effective: int(),
  order: nullable(orderNumber),
})

export const engineReading = object({
  kind: text(30),
  running: nullable(int()),
  waiting: nullable(int()),
  /** KV cache use, permille. */
  kv: nullable(int(0, 1000)),
  /** Preemptions since the engine started. */
  preemptions: nullable(int()),
})

/** More than this no reader waits for. */
const MOST_REST = 120

export const sample = object({
  v: oneOf(1),
  kind: oneOf('replica', 'edge'),
  endpoint: endpointName,
  revision: revisionName,
  /** Name of the replica, or of the edge. */
  replica: text(100),
  boot: bootId,
  /** Counts from 0 in each life of the process; an edge counts its seconds, not its lines. */
  seq: int(),
  /** Start of the second on the sender's own clock, ms since 1970. */
  start: int(),
  /** Length by the monotonic clock: about 1,000,000 us. */
  us: int(1),
  /** The replica is about to go, or its model is started again; left out when not. */
  draining: optional(bool),
  /**
   * At rest: so many seconds after this one are as it is with nothing counted (rest.ts), under the numbers that
   * follow its own, unless the next sample comes before. Then they get no sample. Only where each reader knows it.
   */
  rest: optional(int(1, MOST_REST)),
  limit: limitState,
  /** Arrivals counted once, where they first meet us. */
  offered: int(),
  /** Tries of an edge at this replica (not offered again). */
  attempts: int(),
  admitted: int(),
  completed: object({ ok: int(), client: int(), server: int() }),
  /** Completions with a service time above the objective. */
  late: int(),
  rejected: rejections,
  /** Clients that left before their answer was complete. */
  abandoned: int(),
  inFlight: level,
  /** Waiting in the sidecar's queue; on an edge's sample: held. */
  queued: level,
  /** us from the first byte to the app until its last byte, successes only, client back-pressure taken out. */
  service: distribution,
  /** us from arrival until admitted, of the admitted. */
  wait: distribution,
  /** [n, us with n in flight, successes that ended at n, tokens out at n], n ascending, its histogram bucket's least value. */
  occupancy: list(list(int(), 4), 200),
  /** us with as many in flight as the effective limit allowed. */
  boundUs: int(),
  tokens: nullable(object({ in: int(), out: int() })),
  cpu: nullable(object({ us: int(), /** Cores x 1000. */ quota: int() })),
  memory: nullable(object({ bytes: int(), limit: nullable(int()) })),
  gpu: nullable(
    object({
      /** Utilisation, permille. */ util: int(0, 1000),
      memoryBytes: int(),
      memoryLimit: nullable(int()),
    }),
  ),
  engine: nullable(engineReading),
  /** Connections to the model that come past the sidecar, open at the newest look; left out where nobody looks. */
  direct: optional(int()),
  /** The sidecar's own cost: CPU us, RSS bytes, worst lateness of its event loop in us. */
  self: object({ cpuUs: int(), rss: int(), delayUs: int() }),
  /** Spans of requests that were slow, queued or rejected: what a decision links to. */
  causes: list(spanReference, 4),
})
export type Sample = Infer<typeof sample>
export type LimitState = Infer<typeof limitState>

/** A line longer than this is not a sample. */
export const LONGEST_SAMPLE = 64 * 1024
/** Seconds that a sender keeps: it sends those of them that were missed. */
export const RESUME = 30
