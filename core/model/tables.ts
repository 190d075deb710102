import { address, bootId, endpointName, revisionName } from './names.ts'
import { signedPass } from './order.ts'
import { bool, int, list, nullable, object, oneOf, optional, text, type Infer } from './schema.ts'

/** The tables that components hand each other. Each is sent whole: the newest replaces the last. */

/** PUT /v1/targets: which replicas and edges exist, by their admin addresses. */
export const targets = object({
  v: oneOf(1),
  targets: list(
    object({
      kind: oneOf('replica', 'edge'),
      /** null for an edge, which serves many. */
      endpoint: nullable(endpointName),
      replica: text(100),
      revision: nullable(revisionName),
      admin: address,
      /** A replica that is starting or leaving is followed, but not missed when silent. */
      expected: bool,
    }),
    20_000,
  ),
})
export type Targets = Infer<typeof targets>

/** A line of GET /v1/replicas?follow=1. */
export const replicaTable = object({
  v: oneOf(1),
  version: int(),
  endpoints: list(
    object({
      endpoint: endpointName,
      /** Where its edge listens. */
      port: int(0, 65_535),
      revision: revisionName,
      /** The learned limit a replica. */
      limit: int(1),
      /** us a request may be held. */
      queueUs: int(),
      /** us a request may be held while there is no ready replica, or may be more soon; 30 s when left out. */
      holdUs: optional(int()),
      /** There may be more replicas soon. */
      growing: optional(bool),
      /** Latency objective in us, or none. */
      objectiveUs: nullable(int()),
      /** Replicas there may be at most: the queue is bounded by what they could serve. */
      maxReplicas: int(1),
      pass: signedPass,
      replicas: list(
        object({ replica: text(100), address, ready: bool, revision: revisionName }),
        10_000,
      ),
    }),
    10_000,
  ),
})
export type ReplicaTable = Infer<typeof replicaTable>

/** What a process or pod is doing. */
const replicaStates = ['starting', 'ready', 'not-ready', 'draining', 'failed'] as const

/** A line of GET /v1/platform?follow=1: what exists, as the platform sees it. */
export const platform = object({
  v: oneOf(1),
  boot: bootId,
  version: int(),
  /** Aggregator's admin address, edges' admin addresses. */
  aggregator: address,
  edges: list(object({ edge: text(63), admin: address }), 100),
  endpoints: list(
    object({
      endpoint: endpointName,
      revision: revisionName,
      /** Edge port: where clients send; 0 without an edge. */
      port: int(0, 65_535),
      /** How many replicas were last asked for. */
      desired: int(),
      /** Why there are fewer replicas than asked for, or others than its template says, in words. */
      why: optional(nullable(text(300))),
      /** Requests that a load balancer in front of them holds, where its metrics are read. */
      held: optional(nullable(int())),
      replicas: list(
        object({
          replica: text(100),
          revision: revisionName,
          state: oneOf(...replicaStates),
          /** The sidecar's traffic and admin address; null until it has one. */
          address: nullable(address),
          admin: nullable(address),
          /** ms since 1970: when it was started and when it first became ready. */
          started: int(),
          ready: nullable(int()),
          restarts: int(),
          /** Why it is not ready, in words. */
          why: nullable(text(300)),
          /** As its host measures it, of the container that is nearest to its bound; null without a bound. GPU: the mean of its devices. */
          usage: optional(
            object({
              cpuPermille: nullable(int()),
              memoryPermille: nullable(int()),
              gpuPermille: optional(nullable(int())),
            }),
          ),
        }),
        10_000,
      ),
    }),
    10_000,
  ),
})
export type Platform = Infer<typeof platform>
export type PlatformEndpoint = Platform['endpoints'][number]
export type PlatformReplica = PlatformEndpoint['replicas'][number]

/** PUT /v1/platform/ENDPOINT. `version` is the platform version the decision saw: a stale write is refused (409). */
export const scaleRequest = object({
  v: oneOf(1),
  replicas: int(0, 10_000),
  victims: list(text(100), 10_000),
  version: int(),
  /** Lease epoch and decision, for the record. */
  epoch: int(),
  decision: text(40),
})
export type ScaleRequest = Infer<typeof scaleRequest>

/** Answer headers of a sidecar to an edge: what it may hold and holds now. */
/** What an edge asks a sidecar to switch to: many connections over one (core/carry/lane). */
export const LANE = 'outrigger-lane'

export const HEADERS = {
  /**
   * Marks an attempt of an edge; value: the signed pass, base64url of its JSON, or the word that stands for it on this
   * connection. In the answer to a signed pass: that word.
   */
  pass: 'x-outrigger-pass',
  /** In the answer to a signed pass: the sidecar takes lanes. */
  lane: 'x-outrigger-lane',
  /** "effective;in-flight" on each answer to an edge. */
  slots: 'x-outrigger-slots',
  /** Why a request was turned away (a RejectReason), or which hop failed. */
  reason: 'x-outrigger-reason',
  /** ms that a request may still take, from an edge or a client. */
  deadline: 'x-outrigger-deadline-ms',
  /** us that a request waited, edge and sidecar each their own part. */
  waited: 'x-outrigger-waited-us',
  /** Shared secret between our own components. */
  token: 'x-outrigger-token',
  /** The sidecar's drain secret, set at injection. */
  drain: 'x-outrigger-drain',
  /** The sender's clock in ms, on the samples stream, so that skew is told apart from lateness. */
  now: 'x-outrigger-now',
} as const

/** The reason with which a sidecar says that its model could not be reached: nothing was sent, so another replica may have it. */
export const UNREACHED = 'unreached'
