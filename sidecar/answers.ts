import type { IncomingMessage } from 'node:http'
import { errorSaid, turnedAway, type Said, type SaidHeaders } from '../core/carry/said.ts'
import type { RejectReason } from '../core/model/sample.ts'
import { HEADERS, UNREACHED } from '../core/model/tables.ts'

/** Answers that only the sidecar gives by itself. */
const words: Record<RejectReason, string> = {
  full: 'The model is busy and the queue is full.',
  late: 'The model is busy: no slot came free in time.',
  'no-slot': 'This replica has no free slot.',
  'no-replica': 'There is no replica.',
  draining: 'This replica is going away.',
  upgrades: 'Too many upgraded connections are open.',
}

/** Overload. */
export function rejected(
  reason: RejectReason,
  grpc: boolean,
  retryAfterSeconds: number,
  headers: SaidHeaders,
): Said {
  return turnedAway(429, { reason, message: words[reason], grpc }, retryAfterSeconds, headers)
}

/** The model's hop failed before there was an answer. `reached`: some of the request may have come to the model. */
export function failed(cause: Error, reached: boolean, headers: SaidHeaders): Said {
  const reason = reached ? 'upstream' : UNREACHED
  const message = `The model ${reached ? 'did not answer' : 'can not be reached'}: ${cause.message}`
  return errorSaid(502, reason, message, { ...headers, [HEADERS.reason]: reason })
}

export function isGrpc(request: IncomingMessage): boolean {
  return request.headers['content-type']?.startsWith('application/grpc') ?? false
}
