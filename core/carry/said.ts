import type { ServerResponse } from 'node:http'
import type { Refusal } from '../http/head.ts'
import { HEADERS } from '../model/tables.ts'
import { errorBody } from '../runtime/error-answer.ts'

/** Answers that we give by ourselves. Small JSON: {"error":{"reason","message"}}. */
export type SaidHeaders = Readonly<Record<string, string>>

/** What is said, before it is known how it is written. */
export interface Said {
  status: number
  headers: SaidHeaders
  body: string
}

/** A head that the grammar does not describe: the connection is closed, what follows can't be trusted. */
export function refused({ status, why }: Pick<Refusal, 'status' | 'why'>): Said {
  return errorSaid(status, 'bad-request', why, { connection: 'close' })
}

/** Overload: 429 or 503, or for gRPC status 8, RESOURCE_EXHAUSTED, as a trailers-only answer. */
export function turnedAway(
  status: 429 | 503,
  { reason, message, grpc }: { reason: string; message: string; grpc: boolean },
  retryAfterSeconds: number,
  headers: SaidHeaders,
): Said {
  const own = { ...headers, [HEADERS.reason]: reason, 'retry-after': String(retryAfterSeconds) }
  if (!grpc) return errorSaid(status, reason, message, own)
  const trailers = { 'grpc-status': '8', 'grpc-message': message }
  return {
    status: 200,
    headers: { ...own, 'content-type': 'application/grpc', ...trailers, 'content-length': '0' },
    body: '',
  }
}

/** A client that owes the rest of a head or of a body, and sends nothing. */
export function tooSlow(what: 'head' | 'body'): Said {
  const message = `The ${what} did not come in time.`
  return errorSaid(408, `slow-${what}`, message, { connection: 'close' })
}

/** What clients have sent and can't be used yet takes as much memory as it may. */
export function spent(): Said {
  const message = 'Too much has come too early, or too slowly.'
  return errorSaid(503, 'memory', message, { connection: 'close' })
}

export function errorSaid(
  status: number,
  reason: string,
  message: string,
  headers: SaidHeaders,
): Said {
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
