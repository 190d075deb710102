import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../core/http/head.ts'
import type { RejectReason } from '../core/model/sample.ts'
import { HEADERS, UNREACHED } from '../core/model/tables.ts'
import { errorBody } from '../core/runtime/error-answer.ts'

/** Answers that the sidecar gives by itself. Small JSON: {"error":{"reason","message"}}. */
type Headers = Readonly<Record<string, string>>

/** What is said, before it is known how it is written. */
export interface Said {
  status: number
  headers: Headers
  body: string
}

const words: Record<RejectReason, string> = {
  full: 'The model is busy and the queue is full.',
  late: 'The model is busy: no slot came free in time.',
  'no-slot': 'This replica has no free slot.',
  'no-replica': 'There is no replica.',
  draining: 'This replica is going away.',
  upgrades: 'Too many upgraded connections are open.',
}

/** A head that the grammar does not describe: the connection is closed, what follows can't be trusted. */
export function refused({ status, why }: Pick<Refusal, 'status' | 'why'>): Said {
  return error(status, 'bad-request', why, { connection: 'close' })
}

/** Overload: 429, or for gRPC status 8, RESOURCE_EXHAUSTED, as a trailers-only answer. */
export function rejected(
  reason: RejectReason,
  grpc: boolean,
  retryAfterSeconds: number,
  headers: Headers,
): Said {
  const own = { ...headers, [HEADERS.reason]: reason, 'retry-after': String(retryAfterSeconds) }
  if (!grpc) return error(429, reason, words[reason], own)
  const status = { 'grpc-status': '8', 'grpc-message': words[reason] }
  return {
    status: 200,
    headers: { ...own, 'content-type': 'application/grpc', ...status, 'content-length': '0' },
    body: '',
  }
}

/** The model's hop failed before there was an answer. `reached`: some of the request may have come to the model. */
export function failed(cause: Error, reached: boolean, headers: Headers): Said {
  const reason = reached ? 'upstream' : UNREACHED
  const message = `The model ${reached ? 'did not answer' : 'can not be reached'}: ${cause.message}`
  return error(502, reason, message, { ...headers, [HEADERS.reason]: reason })
}

/** A client that owes the rest of a head or of a body, and sends nothing. */
export function tooSlow(what: 'head' | 'body'): Said {
  const message = `The ${what} did not come in time.`
  return error(408, `slow-${what}`, message, { connection: 'close' })
}

/** There are more connections than may be. */
export function crowded(): Said {
  return error(503, 'connections', 'Too many connections are open.', { connection: 'close' })
}

/** What clients have sent and can't be used yet takes as much memory as it may. */
export function spent(): Said {
  const message = 'Too much has come too early, or too slowly.'
  return error(503, 'memory', message, { connection: 'close' })
}

function error(status: number, reason: string, message: string, headers: Headers): Said {
  const body = errorBody(reason, message)
  const length = String(Buffer.byteLength(body))
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json', 'content-length': length },
    body,
  }
}

/** Where an answer has begun already there is nothing left to say, and the connection is cut. */
export function say(response: ServerResponse, { status, headers, body }: Said): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  response.writeHead(status, headers)
  response.end(body)
}

export function isGrpc(request: IncomingMessage): boolean {
  return request.headers['content-type']?.startsWith('application/grpc') ?? false
}
