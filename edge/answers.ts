import type { ServerResponse } from 'node:http'
import type { Head, Refusal } from '../core/http/head.ts'
import type { RejectReason } from '../core/model/sample.ts'
import { HEADERS } from '../core/model/tables.ts'
import { sendError } from '../core/runtime/error-answer.ts'

/** Answers that the edge gives by itself. Small JSON: {"error":{"reason","message"}}. */
type Headers = Record<string, string | number>

const rejections: Record<RejectReason, { status: 429 | 503; message: string }> = {
  full: { status: 429, message: 'All replicas are busy and the queue is full.' },
  late: { status: 429, message: 'All replicas are busy: no slot came free in time.' },
  'no-slot': {
    status: 429,
    message: 'The replica had no free slot, and the body can not be sent again.',
  },
  'no-replica': { status: 503, message: 'There is no ready replica.' },
  draining: { status: 503, message: 'The edge is going away.' },
  upgrades: { status: 503, message: 'Too many upgraded connections are open.' },
}

/** A head that the grammar does not describe: the connection is closed, what follows can't be trusted. */
export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  sendError(response, refusal.status, 'bad-request', refusal.why, { connection: 'close' })
}

/** Overload: 429 or 503; for gRPC status 8, RESOURCE_EXHAUSTED, as a trailers-only answer. */
export function answerRejection(
  head: Head,
  response: ServerResponse,
  reason: RejectReason,
  retryAfterS: number,
  headers: Headers,
): void {
  const { status, message } = rejections[reason]
  const own: Headers = { ...headers, [HEADERS.reason]: reason, 'retry-after': retryAfterS }
  // A body that was never asked for may never come: the next request could not be told from it.
  if (head.expectsContinue) own['connection'] = 'close'
  const type = head.headers['content-type']
  if (typeof type === 'string' && type.startsWith('application/grpc')) {
    const grpc = { 'grpc-status': '8', 'grpc-message': message, 'content-length': 0 }
    response.writeHead(200, { ...own, ...grpc, 'content-type': 'application/grpc' })
    return void response.end()
  }
  sendError(response, status, reason, message, own)
}

/** The hop to the replica failed before there was an answer. */
export function answerFailed(response: ServerResponse, hop: string, headers: Headers): void {
  const message = `The replica did not answer: ${hop}.`
  sendError(response, 502, hop, message, { ...headers, [HEADERS.reason]: hop })
}

/** The same for an upgrade, which has a bare socket in place of a response. */
export function rejectionText(reason: RejectReason): string {
  const { status } = rejections[reason]
  const words = status === 429 ? 'Too Many Requests' : 'Service Unavailable'
  return bareText(`${status} ${words}`, reason, 'retry-after: 1\r\n')
}

export function bareText(status: string, reason: string, more = ''): string {
  return `HTTP/1.1 ${status}\r\n${HEADERS.reason}: ${reason}\r\n${more}connection: close\r\ncontent-length: 0\r\n\r\n`
}
