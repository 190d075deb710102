import type { Head } from '../core/http/head.ts'
import { readTraceParent, writeTraceParent, type TraceParent } from '../core/http/trace-context.ts'
import type { RejectReason } from '../core/model/sample.ts'

/** What a request leaves behind for people: a span where there is a back end, and causes for decisions. */
export interface Spans {
  /** Reads the caller's trace context, and writes the one to forward into the head. */
  begin(head: Traced, arrivedUs: number): Trail
  /** Up to four spans of requests that stood out since the last call. */
  takeCauses(): string[]
  /** From now on there are spans. */
  make(maker: SpanMaker): void
  dropped(): number
  close(): Promise<void>
}

/** What a trace needs of a head, which it may change. */
export type Traced = Pick<Head, 'method' | 'path' | 'headers'>

export interface Trail {
  end(end: RequestEnd): void
}

export interface RequestEnd {
  queueUs: number
  /** The effective limit at the end. */
  limit: number
  objectiveUs: number | null
  /** What the client was answered; absent when it left before. */
  status?: number
  kind?: 'ok' | 'client' | 'server'
  serviceUs?: number
  reason?: RejectReason
  left?: boolean
}

export interface Request {
  method: string
  path: string
  parent: TraceParent | null
  traceState: string | null
  arrivedUs: number
}

export interface LiveSpan {
  reference: TraceParent
  end(end: RequestEnd): void
}

/** What makes spans (telemetry.ts); none without a back end, and until it is loaded. */
export interface SpanMaker {
  /** Whether to record this request whatever becomes of it. */
  sampledAtHead(parent: TraceParent | null): boolean
  start(request: Request): LiveSpan
  dropped(): number
  close(): Promise<void>
}

const MOST_CAUSES = 4

export function spans(first: SpanMaker | null): Spans {
  let maker = first
  const causes: string[] = []
  let meanUs: number | null = null

  function standsOut(end: RequestEnd): boolean {
    const { serviceUs = 0 } = end
    const slow =
      (end.objectiveUs !== null && serviceUs > end.objectiveUs) ||
      (meanUs !== null && serviceUs > 10 * meanUs)
    if (end.kind === 'ok') meanUs = (meanUs ?? serviceUs) * 0.95 + serviceUs * 0.05
    // An attempt of an edge, which tries elsewhere: the request itself was not rejected.
    if (end.reason === 'no-slot') return false
    return slow || end.queueUs > 0 || end.reason !== undefined || end.kind === 'server'
  }

  function ended(request: Request, live: LiveSpan | null, end: RequestEnd): void {
    const out = standsOut(end)
    if (live === null && !out) return
    // Decided late, so a sibling of the app's spans: its parent is the caller.
    const span = live ?? maker?.start(request) ?? null
    span?.end(end)
    const reference = span?.reference ?? request.parent
    if (!out || reference === null || causes.length >= MOST_CAUSES) return
    causes.push(`${reference.traceId}-${reference.spanId}`)
  }

  return {
    begin(head, arrivedUs) {
      const { parent, traceState } = contextOf(head)
      const request = { method: head.method, path: head.path, parent, traceState, arrivedUs }
      const live = maker?.sampledAtHead(parent) === true ? maker.start(request) : null
      // The app's spans become children of ours only where ours surely exists.
      if (live !== null) head.headers['traceparent'] = writeTraceParent(live.reference)
      return { end: end => ended(request, live, end) }
    },
    takeCauses: () => causes.splice(0),
    make: made => (maker = made),
    dropped: () => maker?.dropped() ?? 0,
    close: async () => maker?.close(),
  }
}

const NO_CONTEXT = { parent: null, traceState: null }

/** A context that is not valid is not passed on, and a tracestate never without its traceparent. */
function contextOf(head: Traced): Pick<Request, 'parent' | 'traceState'> {
  const text = head.headers['traceparent']
  if (text === undefined && head.headers['tracestate'] === undefined) {
    return NO_CONTEXT
  }
  const parent = typeof text === 'string' ? readTraceParent(text) : null
  const state = head.headers['tracestate']
  if (parent === null) {
    delete head.headers['traceparent']
    delete head.headers['tracestate']
    return { parent, traceState: null }
  }
  return { parent, traceState: Array.isArray(state) ? state.join(',') : (state ?? null) }
}
