import { endpointName, hexHash, revisionName, spanReference } from './names.ts'
import { orderNumber, type Order } from './order.ts'
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
  that,
  type Infer,
} from './schema.ts'
import { armFold, replicaRow } from './windows.ts'

/** What the decision log holds. One record a line, canonical JSON; see docs/decision-log.md. */

/** A window as the decider sees it: numbers only, so that inputs stay bounded for any fleet. */
export const summary = object({
  seconds: int(),
  /** Arrivals at edges and, without an edge, at sidecars. */
  offered: int(),
  attempts: int(),
  admitted: int(),
  ok: int(),
  client: int(),
  server: int(),
  late: int(),
  rejected: int(),
  abandoned: int(),
  /** Mean number of requests x 1000 over the span: at replicas in flight and queued, at edges held. */
  inFlightMilli: int(),
  queuedMilli: int(),
  heldMilli: int(),
  /** Largest number present in any second of any sender, and how many there were at the end. */
  heldMax: int(),
  present: int(),
  /** Service time of successes, us. */
  serviceCount: int(),
  serviceSum: int(),
  serviceP50: nullable(int()),
  serviceP95: nullable(int()),
  /** Wait of the admitted, us, at edges where there are any, else at sidecars. */
  waitP95: nullable(int()),
  boundPermille: int(),
  cpuPermille: nullable(int()),
  memoryPermille: nullable(int()),
  gpuPermille: nullable(int()),
  kvPermille: nullable(int()),
  engineWaiting: nullable(int()),
  tokensOut: int(),
  /** Replica-seconds seen of those expected. */
  coverage: int(0, 1000),
  expected: int(),
  reporting: int(),
  stalenessMs: int(),
})
export type Summary = Infer<typeof summary>

export const override = object({
  /** A setting's name, or `replicas`. */
  what: text(40),
  /** The stored value in canonical JSON. */
  value: text(2000),
  who: nullable(text(200)),
  /** ms since 1970, or null for no end. */
  until: nullable(int()),
  /** It stands on the platform (an annotation, another autoscaler) and ends when it is gone there. */
  standing: optional(bool),
})
export type Override = Infer<typeof override>

export const inputs = object({
  /** As the platform sees them. */
  replicas: object({
    desired: int(),
    ready: int(),
    starting: int(),
    notReady: int(),
    draining: int(),
    failed: int(),
    /** ms that the longest-starting one has been starting. */
    oldestStartingMs: int(),
  }),
  platformVersion: int(),
  /** ms from start to ready of replicas that became ready since the last decision. */
  startUps: list(int(), 32),
  /** Windows by seconds: "3", "20", "30", "300"; null when the aggregator has not answered. */
  windows: nullable(map(summary, 8)),
  /** ms since the aggregator's newest second; null when it never answered. */
  windowAgeMs: nullable(int()),
  /** Offered in each of the last seconds, oldest first. */
  offeredPerSecond: list(int(), 300),
  /** The replicas furthest from the rest, and the least loaded (victims come from these). */
  outliers: list(replicaRow, 32),
  missing: list(text(100), 32),
  /** Evidence for the limit that the state has not seen yet, oldest first; empty on replica decisions. */
  folds: list(armFold, 32),
  /** The order that the reporting replicas hold, where they agree. */
  inForce: nullable(orderNumber),
  overrides: list(override, 32),
  /** Spans of requests that were slow, queued or rejected. */
  causes: list(spanReference, 16),
  /** Held requests and no replica: the edge asked for one. */
  activate: bool,
})
export type Inputs = Infer<typeof inputs>

const numbers = map(
  that<number>('a number', v => typeof v === 'number' && Number.isFinite(v)),
  24,
)
/** A reason: a code of core/model/reasons.ts and the numbers of its sentence. */
export const reason = object({ code: text(40), numbers })
export type Reason = Infer<typeof reason>

/** What one rule wants: replicas, or a limit. */
export const proposal = object({ rule: text(40), wants: int(), numbers })
export type Proposal = Infer<typeof proposal>

/** What one bound made of the value before it; recorded also where it changed nothing. */
export const bound = object({ bound: text(40), from: int(), to: int(), numbers })
export type BoundStep = Infer<typeof bound>

export const outcome = object({
  /** up/down/hold for replicas; raise/cut/probe/hold for a limit. */
  action: oneOf('up', 'down', 'hold', 'raise', 'cut', 'probe'),
  from: int(),
  to: int(),
  /** Least loaded first; replicas only. */
  victims: list(text(100), 1000),
  /** The order to publish; limits only. `n` grows by one with each. */
  order: nullable(
    object({
      limit: int(1),
      objectiveUs: nullable(int(1)),
      probe: nullable(object({ other: int(1), slotSeconds: int(1), settleSeconds: int(1) })),
      latePermille: int(0, 1000),
      queueUs: int(),
      n: int(),
    }),
  ),
  /** False when advising, frozen, or nothing changes. */
  act: bool,
})
export type Outcome = Infer<typeof outcome>

/** The part that a replay reproduces byte for byte. */
export const decisionBody = object({
  what: oneOf('replicas', 'limit'),
  endpoint: endpointName,
  revision: revisionName,
  /** ms: UTC at start plus monotonic, never below the last record's. */
  now: int(),
  inputs,
  /** Hashes (SHA-256 of canonical JSON) of the state before and after, and of the settings. */
  state: hexHash,
  settings: hexHash,
  algorithm: text(40),
  proposals: list(proposal, 32),
  bounds: list(bound, 32),
  outcome,
  reasons: list(reason, 32),
  after: hexHash,
})
export type DecisionBody = Infer<typeof decisionBody>

/** Bodies of the other records. */
export interface Bodies {
  decision: DecisionBody
  /** HOLDs equal to record `of` but for `now` and the inputs' clock, state unchanged. */
  repeat: { of: number; nows: number[] }
  /** What was asked of the platform or the sidecars for a decision, and what came back. */
  actuation: {
    decision: string
    endpoint: string
    asked: string
    answered: string
    error: string | null
    tookMs: number
  }
  settings: { endpoint: string; hash: string; part: number; parts: number; json: string }
  state: {
    endpoint: string
    hash: string
    part: number
    parts: number
    json: string
    /** The order in force, so that a restart can sign it again for new replicas; in the first part. */
    order: Order | null
    /** When replicas were last decided, ms. */
    decided: number | null
  }
  override: { endpoint: string; override: Override; action: 'set' | 'cleared' | 'ended' }
  /** Someone else changed the replicas; `who` is null where the platform could not tell. `at` in ms. */
  scaled: { endpoint: string; from: number; to: number; who: string | null; at: number }
  /** The controller began: who, which version, and what it found in the log before it. */
  start: { controller: string; version: string; size: number; head: string }
  /** A torn tail that was cut: bytes and where. */
  cut: { file: string; at: number; bytes: number; sha256: string }
}
export type RecordKind = keyof Bodies
export const recordKinds = [
  'decision',
  'repeat',
  'actuation',
  'settings',
  'state',
  'override',
  'scaled',
  'start',
  'cut',
] as const

/** One line of the log. `prev` is the SHA-256 of the bytes of the line before (64 zeros for the first). */
export interface LogRecord<K extends RecordKind = RecordKind> {
  v: 1
  seq: number
  /** UUIDv7 (RFC 9562). */
  id: string
  /** UTC, ms since 1970: a label; order is by seq. */
  time: number
  epoch: number
  prev: string
  kind: K
  body: Bodies[K]
}
/** C2SP tlog-tiles bounds an entry. */
export const LONGEST_RECORD = 65_535
