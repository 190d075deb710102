import type { ServerHttp2Stream } from 'node:http2'
import { pushbackMs, retryAfter } from '../../admit/retry.ts'
import type { Ticket } from '../../admit/admission.ts'
import type { Said } from '../../../core/carry/said.ts'
import { failed, rejected } from '../../answers.ts'
import { HEADERS } from '../../../core/model/tables.ts'
import { isHealth, ownHeaders, type Desk } from '../../desk.ts'
import { DEADLINE_EXCEEDED, messageText, UNAVAILABLE } from './grpc.ts'
import type { H2Head } from './head.ts'

/** Answers of our own to streams. Those to gRPC are trailers-only: status 200, and grpc-status beside it. */
function ofCall(status: number, message: string, headers: Said['headers']): Said {
  const grpc = { 'grpc-status': String(status), 'grpc-message': messageText(message) }
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/grpc', ...grpc },
    body: '',
  }
}

/** Overload, or a deadline that passed in the queue. gRPC clients read when to come again in ms. */
export function turnedAway(desk: Desk, ticket: Ticket, head: H2Head): Said {
  const own = ownRecord(desk, ticket)
  const theirs = ticket.arrivedUs + (head.timeoutUs ?? Infinity)
  if (ticket.reason === 'late' && ticket.deadlineUs >= theirs) return pastDeadline(own)
  const { queued, drainedPerSecond } = desk.admission
  const jitter = desk.jitter()
  const seconds = retryAfter(queued, drainedPerSecond, jitter)
  const said = rejected(ticket.reason ?? 'full', head.grpc, seconds, own)
  if (!head.grpc) return said
  const pushback = String(pushbackMs(queued, drainedPerSecond, jitter))
  return { ...said, headers: { ...said.headers, 'grpc-retry-pushback-ms': pushback } }
}

/** The call's own time is over: there is no use in trying again. */
export function pastDeadline(headers: Said['headers']): Said {
  return ofCall(DEADLINE_EXCEEDED, 'The deadline of the call has passed.', headers)
}

export function tooQuiet(): Said {
  return ofCall(DEADLINE_EXCEEDED, 'The client sent nothing more in time.', {})
}

const NO_ANSWER = new Error('its stream closed without an answer')

/** The model's hop failed before there was an answer: 502, or UNAVAILABLE. */
export function lost(
  cause: Error | null,
  reached: boolean,
  grpc: boolean,
  own: Said['headers'],
): Said {
  const said = failed(cause ?? NO_ANSWER, reached, own)
  if (!grpc) return said
  const reason = said.headers[HEADERS.reason] ?? ''
  const { error } = JSON.parse(said.body) as { error: { message: string } }
  return ofCall(UNAVAILABLE, error.message, { ...own, [HEADERS.reason]: reason })
}

/** Needs no slot and is no demand: the paths that HTTP/1.1 has, and gRPC's own health service (Check and Watch). */
export function isHealthCall(desk: Desk, head: H2Head): boolean {
  return isHealth(desk, head) || (head.grpc && head.path.startsWith('/grpc.health.v1.Health/'))
}

export function answerWith(stream: ServerHttp2Stream, said: Said, toHead: boolean): void {
  const endStream = said.body === '' || toHead
  // undefined: HTTP/2 has no such header.
  const headers = { ':status': said.status, ...said.headers, connection: undefined }
  stream.respond(headers, { endStream })
  if (!endStream) stream.end(said.body)
}

/** Our headers of an answer. */
export function ownRecord(desk: Desk, ticket: Ticket): Record<string, string> {
  const own: Record<string, string> = {}
  addOwn(own, desk, ticket)
  return own
}

export function addOwn(headers: Record<string, unknown>, desk: Desk, ticket: Ticket): void {
  const [name = '', value = ''] = ownHeaders(desk, ticket)
  headers[name] = value
}
