import type { DecisionBody, LogRecord, Override } from '../core/model/decision.ts'
import type { Settings } from '../core/model/settings.ts'
import type { PlatformEndpoint } from '../core/model/tables.ts'
import type { EndpointWindows } from '../core/model/windows.ts'
import { headline, sentenceOf } from './explain.ts'
import { pointOf, type Point } from './history.ts'
import { saysOf } from './says.ts'

/** A decision in a list: a line of the page and of `outrigger decisions list`. */
export interface DecisionLine {
  id: string
  seq: number
  /** ms since 1970. */
  now: number
  endpoint: string
  what: DecisionBody['what']
  action: DecisionBody['outcome']['action']
  from: number
  to: number
  act: boolean
  /** "replicas: up from 3 to 5." */
  headline: string
  /** The first reason, in words. */
  sentence: string
}

export function lineOf({ id, seq, body }: LogRecord<'decision'>): DecisionLine {
  const { now, endpoint, what, outcome } = body
  const { action, from, to, act } = outcome
  return {
    id,
    seq,
    now,
    endpoint,
    what,
    action,
    from,
    to,
    act,
    headline: headline(body),
    sentence: sentenceOf(body),
  }
}

/** What is learned of an endpoint, from its state. */
export interface Learned {
  limit: number
  queueUs: number
  objectiveUs: number | null
  /** Whether the objective was given by a person, derived, or is not known. */
  objective: 'given' | 'derived' | 'none'
  /** Mean service time of successes, us. */
  serviceUs: number | null
  /** cold: still doubling. steady: comparing neighbours. */
  phase: string
}

/** GET /v1/endpoints: an endpoint for the page and for `outrigger top`. */
export interface EndpointView {
  endpoint: string
  revision: string
  /** Where its edge listens. */
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
  decisions: DecisionLine[]
  settings: Settings
  overrides: Override[]
  /** What people have to know besides the numbers, in sentences; left out by older controllers. */
  says?: string[]
  /** ms since the aggregator's newest second; null when none came. */
  windowAgeMs: number | null
  /** Permille of the replica-seconds of the last 20 s that were seen. */
  coverage: number | null
}

export interface Known {
  platform: PlatformEndpoint
  windows: EndpointWindows | null
  windowAgeMs: number | null
  learned: Learned
  settings: Settings
  overrides: Override[]
  decisions: DecisionLine[]
  now: number
}

export function endpointView(known: Known): EndpointView {
  const { platform, windows, learned, now } = known
  const count = (state: string): number => platform.replicas.filter(r => r.state === state).length
  const replicas = {
    desired: platform.desired,
    ready: count('ready'),
    starting: count('starting'),
    notReady: count('not-ready'),
    draining: count('draining'),
    failed: count('failed'),
  }
  const second = windows === null ? nothing(now) : pointOf(windows)
  const { ready, desired } = replicas
  return {
    endpoint: platform.endpoint,
    revision: platform.revision,
    port: platform.port,
    live: { ...second, ready, desired, limit: learned.limit },
    learned,
    replicas,
    decisions: known.decisions,
    settings: known.settings,
    overrides: known.overrides,
    says: saysOf(platform, known.overrides, now),
    windowAgeMs: known.windowAgeMs,
    coverage: windows?.windows['20']?.coverage ?? null,
  }
}

function nothing(now: number): Omit<Point, 'ready' | 'desired' | 'limit'> {
  return { t: now, offered: 0, ok: 0, rejected: 0, inFlight: 0, queued: 0, held: 0, p95Us: null }
}
