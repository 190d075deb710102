/** What the page reads from the controller: the JSON of controller/view.ts, history.ts and explain.ts. */

export type Action = 'up' | 'down' | 'hold' | 'raise' | 'cut' | 'probe'

/** A decision as a list shows it. */
export interface Decision {
  id: string
  seq: number
  /** ms since 1970. */
  now: number
  endpoint: string
  what: 'replicas' | 'limit'
  action: Action
  from: number
  to: number
  /** False when advising, frozen, or nothing changes. */
  act: boolean
  /** Why, in one sentence. */
  sentence: string
}

/** One second of an endpoint. Levels in requests, p95 in us. */
export interface Point {
  /** ms since 1970. */
  t: number
  offered: number
  ok: number
  rejected: number
  inFlight: number
  queued: number
  held: number
  ready: number
  desired: number
  /** Of one replica. */
  limit: number
  p95Us: number | null
}

export interface Learned {
  objectiveUs: number | null
  objective: 'given' | 'derived' | 'none'
  phase: string
}

export interface Endpoint {
  endpoint: string
  revision: string
  port: number
  live: Point
  learned: Learned
  replicas: {
    desired: number
    ready: number
    starting: number
    notReady: number
    draining: number
    failed: number
  }
  /** Newest first. */
  decisions: Decision[]
  /** Why replicas are missing or old, what waits elsewhere, who decides instead, in sentences. */
  says?: string[]
  windowAgeMs: number | null
  /** Permille. */
  coverage: number | null
}

/** A decision in full, in sentences. */
export interface Explanation {
  id: string
  seq: number
  /** ISO 8601, UTC. */
  time: string
  endpoint: string
  what: 'replicas' | 'limit'
  headline: string
  inputs: string[]
  proposals: string[]
  bounds: string[]
  outcome: string
  reasons: { code: string; sentence: string; help: string }[]
}

/** GET /v1/decisions/ID. */
export interface Told {
  explanation?: Explanation
  /** What was asked for it, and what came back. */
  actuations?: { asked: string; answered: string; error: string | null; tookMs: number }[]
}

/** GET /v1/learned/ENDPOINT: controller/learned/belief.ts has the whole of it. */
export interface Belief {
  limit: number
  sentences: string[]
  curve: Curve
}

/** Throughput a second of one replica, against its requests in flight. */
export interface Curve {
  unit: 'answers' | 'tokens'
  /** By limit that was in force. */
  tried: { limit: number; n: number; x: number; bound: number; answers: number; at: number }[]
  /** By number in flight, the last 5 min. */
  levels: { n: number; x: number; count: number }[]
  /** The last 20 s. */
  now: { n: number; x: number } | null
  law: { line: [n: number, x: number][] } | null
}

/** A line of GET /v1/endpoints?follow=1. */
export interface Line {
  /** The controller's clock, ms. */
  at: number
  endpoints: Endpoint[]
  /** Why the controller does not work as it should. */
  unready?: string | null
}
