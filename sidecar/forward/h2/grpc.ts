import type { Ended } from '../../admit/admission.ts'
import { kindOf } from '../../desk.ts'

/** What gRPC over HTTP/2 says beyond HTTP: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export const DEADLINE_EXCEEDED = 4
export const UNAVAILABLE = 14

/** us of one of the units of grpc-timeout. */
const units: Record<string, number> = { H: 3.6e9, M: 6e7, S: 1e6, m: 1000, u: 1, n: 0.001 }

/** grpc-timeout in us: up to eight digits and a unit. null: there is none that can be read. */
export function timeoutUs(text: string | undefined): number | null {
  if (text === undefined) return null
  const unit = units[text.at(-1) ?? '']
  const digits = text.slice(0, -1)
  return unit !== undefined && /^\d{1,8}$/.test(digits) ? Math.round(Number(digits) * unit) : null
}

/** The same, as it is sent on: in the finest unit that eight digits hold, rounded up. */
export function timeoutText(us: number): string {
  const left = Math.max(1, us)
  const unit = left < 1e8 ? 'u' : left < 1e11 ? 'm' : left < 1e14 ? 'S' : 'M'
  return `${Math.min(99_999_999, Math.ceil(left / (units[unit] ?? 1)))}${unit}`
}

const LONGEST_MS = 2 ** 31 - 1

/** For what is left of it; null: longer than a timer can be, so it does not matter. */
export function timerOf(leftUs: number, then: () => void): NodeJS.Timeout | null {
  const ms = Math.max(1, Math.ceil(leftUs / 1000))
  return ms > LONGEST_MS ? null : setTimeout(then, ms)
}

/** What HTTP says of each status but 0, by google/rpc/code.proto. */
const statuses: Record<string, number> = {
  1: 499,
  3: 400,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  12: 501,
  16: 401,
}

/** How a call ended that was answered with this grpc-status. A call without one did not end well. */
export function kindOfCall(status: unknown): Ended['kind'] {
  return status === '0' ? 'ok' : kindOf(statuses[String(status)] ?? 500)
}

/** The value of grpc-message: percent-encoded beyond printable ASCII. */
export function messageText(text: string): string {
  return text.replaceAll(/[^ -$&-~]/gu, sign => encodeURIComponent(sign.toWellFormed()))
}
