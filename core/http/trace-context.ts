/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/), read strictly: what is not a valid
 * traceparent is no traceparent, and is not passed on.
 */
export interface TraceParent {
  /** 32 and 16 lower-case hex digits, neither all zero. */
  traceId: string
  spanId: string
  /** The flags byte; bit 0: the caller may have recorded its span. */
  flags: number
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Null when it is not valid. A later version than 00 is read by the parts that we know (section 3.2.4). */
export function readTraceParent(text: string): TraceParent | null {
  if (text.length > 256) return null
  const [, version, traceId, spanId, flags, rest] = FORM.exec(text) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

export function writeTraceParent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${(flags & 1).toString(16).padStart(2, '0')}`
}

export function isSampled(parent: TraceParent): boolean {
  return (parent.flags & 1) === 1
}
