import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../core/http/head.ts'
import type { RejectReason } from '../core/model/sample.ts'
import { HEADERS } from '../core/model/tables.ts'
import { sendError } from '../core/runtime/error-answer.ts'

/** Answers that the sidecar gives by itself. Small JSON: {"error":{"reason","message"}}. */
type Headers = Readonly<Record<string, string>>

const words: Record<RejectReason, string> = {
  full: 'The model is busy and the queue is full.',
  late: 'The model is busy: no slot came free in time.',
  'no-slot': 'This replica has no free slot.',
  'no-replica': 'There is no replica.',
  draining: 'This replica is going away.',
  upgrades: 'Too many upgraded connections are open.',
}

/** A head that the grammar does not describe: the connection is closed, what follows can't be trusted. */
export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  sendError(response, refusal.status, 'bad-request', refusal.why, { connection: 'close' })
}

/** Overload: 429, or for gRPC status 8, RESOURCE_EXHAUSTED, as a trailers-only answer. */
export function answerRejection(
  request: IncomingMessage,
  response: ServerResponse,
  reason: RejectReason,
  retryAfterSeconds: number,
  headers: Headers,
): void {
  const own = { ...headers, [HEADERS.reason]: reason, 'retry-after': String(retryAfterSeconds) }
  if (request.headers['content-type']?.startsWith('application/grpc') ?? false) {
    response.writeHead(200, {
      ...own,
      'content-type': 'application/grpc',
      'grpc-status': '8',
      'grpc-message': words[reason],
      'content-length': '0',
    })
    return void response.end()
  }
  sendError(response, 429, reason, words[reason], own)
}

/** The model's hop failed before there was an answer. */
export function answerUpstream(response: ServerResponse, error: Error, headers: Headers): void {
  const message = `The model did not answer: ${error.message}`
  sendError(response, 502, 'upstream', message, { ...headers, [HEADERS.reason]: 'upstream' })
}

export function answerSlowBody(response: ServerResponse): void {
  sendError(response, 408, 'slow-body', 'The body did not come in time.', { connection: 'close' })
}
