import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api'
import type { RequestHead } from '../core/http/request.ts'
import { readTraceParent } from '../core/http/trace-context.ts'
import { attributes } from '../core/model/signals.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Telemetry } from '../core/runtime/telemetry.ts'

/** How a request ended at the edge. */
export interface Trail {
  endpoint: string
  revision: string
  replica: string
  head: Pick<RequestHead, 'method' | 'path' | 'context'>
  arrivedUs: number
  heldUs: number
  objectiveUs: number | null
  reason: string | null
  status: number | null
  serviceUs: number | null
  left: boolean
}

export interface Spans {
  end(trail: Trail): void
  /** References to the endpoint's spans since the last take: what a decision may name as its cause. */
  take(endpoint: string): string[]
}

/** Held for longer than this is worth a span. */
const HELD_US = 1000
const MOST_CAUSES = 4

/**
 * A span for each slow, held or rejected request, made when it has ended. It is a sibling of the replica's
 * spans under the caller's span, because the caller's traceparent went on untouched.
 */
export function edgeSpans(telemetry: Telemetry, clock: Clock): Spans {
  const causes = new Map<string, string[]>()
  return {
    end(trail) {
      if (!telemetry.on || !worthIt(trail)) return
      const reference = write(telemetry, clock, trail)
      if (reference === null) return
      const list = causes.get(trail.endpoint) ?? []
      if (list.length < MOST_CAUSES) list.push(reference)
      causes.set(trail.endpoint, list)
    },
    take(endpoint) {
      const list = causes.get(endpoint) ?? []
      causes.delete(endpoint)
      return list
    },
  }
}

function worthIt(trail: Trail): boolean {
  const { objectiveUs, serviceUs } = trail
  const slow = objectiveUs !== null && serviceUs !== null && serviceUs > objectiveUs
  return slow || trail.heldUs > HELD_US || trail.reason !== null
}

function write(telemetry: Telemetry, clock: Clock, trail: Trail): string | null {
  const endMs = clock.now()
  const startMs = endMs - (clock.us() - trail.arrivedUs) / 1000
  const span = telemetry.tracer.startSpan(
    `edge ${trail.endpoint}`,
    { kind: SpanKind.SERVER, startTime: startMs, attributes: attributesOf(trail) },
    parentOf(trail.head),
  )
  const failed = trail.reason !== null || (trail.status ?? 0) >= 500
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR, message: trail.reason ?? '' })
  span.end(endMs)
  const { traceId, spanId, traceFlags } = span.spanContext()
  return (traceFlags & TraceFlags.SAMPLED) === 0 ? null : `${traceId}-${spanId}`
}

function attributesOf(trail: Trail): Record<string, string | number> {
  return {
    'http.request.method': trail.head.method,
    'url.path': trail.head.path,
    [attributes.endpoint]: trail.endpoint,
    [attributes.revision]: trail.revision,
    [attributes.queueTimeUs]: trail.heldUs,
    ...(trail.replica === '' ? {} : { [attributes.replica]: trail.replica }),
    ...(trail.serviceUs === null ? {} : { [attributes.serviceTimeUs]: trail.serviceUs }),
    ...(trail.reason === null ? {} : { [attributes.reason]: trail.reason }),
    ...(trail.status === null ? {} : { 'http.response.status_code': trail.status }),
  }
}

function parentOf({ context: headers }: Trail['head']): typeof ROOT_CONTEXT {
  const text = headers?.['traceparent']
  const parent = typeof text === 'string' ? readTraceParent(text) : null
  if (parent === null) return ROOT_CONTEXT
  const { traceId, spanId, flags } = parent
  const context = { traceId, spanId, traceFlags: flags, isRemote: true }
  return trace.setSpanContext(ROOT_CONTEXT, context)
}
