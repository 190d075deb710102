import { errorSaid, turnedAway, type Said, type SaidHeaders } from '../core/carry/said.ts'
import type { RejectReason } from '../core/model/sample.ts'
import { HEADERS } from '../core/model/tables.ts'

/** Answers that the edge gives by itself. */
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

/** Overload. */
export function rejected(
  { grpc, expectsContinue }: { grpc: boolean; expectsContinue: boolean },
  reason: RejectReason,
  retryAfterS: number,
  headers: SaidHeaders,
): Said {
  const { status, message } = rejections[reason]
  // A body that was never asked for may never come: the next request could not be told from it.
  const own = expectsContinue ? { ...headers, connection: 'close' } : headers
  return turnedAway(status, { reason, message, grpc }, retryAfterS, own)
}

/** The hop to the replica failed before there was an answer. */
export function failed(hop: string, headers: SaidHeaders): Said {
  const message = `The replica did not answer: ${hop}.`
  return errorSaid(502, hop, message, { ...headers, [HEADERS.reason]: hop })
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
