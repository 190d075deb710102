import type { Unread } from '../core/carry/unread.ts'
import { isIdempotent } from '../core/http/methods.ts'
import { HEADERS } from '../core/model/tables.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Admission, Ended, Ticket } from './admit/admission.ts'
import type { EngineWatch } from './engine.ts'
import type { Carrier } from './forward/compat.ts'
import type { Gate } from './gate.ts'
import type { Passes } from './passes.ts'
import type { RequestEnd, Spans } from './spans.ts'

/** What a request passes by, whichever carrier takes it. */
export interface Desk {
  healthPaths: ReadonlySet<string>
  /** Headers that a head may have. */
  mostHeaders: number
  clock: Clock
  admission: Admission
  gate: Gate
  carrier: Carrier
  passes: Passes
  spans: Spans
  engine: EngineWatch
  /** Bytes of answers that clients leave unread, whichever carrier has them. */
  unread: Unread
  /** The replica is about to go: each answer ends its connection. */
  closing(): boolean
  /** From 0 to 1, to spread what Retry-After says. */
  jitter(): number
}

/** Paths that need no slot and are no demand: a probe must not wait behind it. */
export function isHealth(desk: Desk, { method, path }: { method: string; path: string }): boolean {
  return (method === 'GET' || method === 'HEAD') && desk.healthPaths.has(path)
}

/** The client's own deadline in us, or none. */
export function patience(own: Readonly<Record<string, string>> | null): number | null {
  const text = own?.['deadline-ms']
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) * 1000 : null
}

/** What a trail needs of a ticket, before there is more to say. */
export function unserved(ticket: Ticket, desk: Desk) {
  const until = ticket.admittedUs > ticket.arrivedUs ? ticket.admittedUs : desk.clock.us()
  const waited = ticket.reason !== null || ticket.admittedUs > ticket.arrivedUs
  return {
    queueUs: waited ? until - ticket.arrivedUs : 0,
    limit: desk.admission.state.effective,
    objectiveUs: desk.admission.objective,
  }
}

/** What it needs of one that was served. In full: a spread costs more than all the rest of it. */
export function served(
  ticket: Ticket,
  desk: Desk,
  status: number,
  { kind, serviceUs }: Ended,
): RequestEnd {
  const { queueUs, limit, objectiveUs } = unserved(ticket, desk)
  return { queueUs, limit, objectiveUs, status, kind, serviceUs, left: false }
}

/** Our headers of an answer, as name, value, name, value. */
export function ownHeaders(desk: Desk, ticket: Ticket): string[] {
  const { admission } = desk
  return ticket.edge
    ? [HEADERS.slots, `${admission.state.effective};${admission.inFlight}`]
    : [HEADERS.waited, String(ticket.admittedUs - ticket.arrivedUs)]
}

export function kindOf(status: number): Ended['kind'] {
  return status < 400 ? 'ok' : status < 500 ? 'client' : 'server'
}

/** Whether it may be sent again where nothing is known of what became of it. */
export function repeatable(head: { method: string; body: { kind: string } }): boolean {
  return isIdempotent(head.method) && head.body.kind === 'none'
}

/** Before a connection that never came is tried once more. */
export const RETRY_MS = 50
