import test from 'ava'
import { type SpanOptions, trace, type Context, type Tracer } from '@opentelemetry/api'
import type { Telemetry } from '../../core/runtime/telemetry.ts'
import { edgeSpans, type Trail } from '../../edge/spans.ts'

const caller = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${caller}-b7ad6b7169203331-01`
const head = { method: 'POST', path: '/v1', context: { traceparent } }

/** Spans as they were started: options and parent. */
function spans() {
  const started: { options: SpanOptions; parent: string | undefined }[] = []
  const tracer = {
    startSpan(_name: string, options: SpanOptions, context: Context) {
      const parent = trace.getSpanContext(context)
      started.push({ options, parent: parent?.traceId })
      const own = {
        traceId: parent?.traceId ?? '1'.repeat(32),
        spanId: '2'.repeat(16),
        traceFlags: 1,
      }
      return { setStatus: () => undefined, end: () => undefined, spanContext: () => own }
    },
  } as unknown as Tracer
  const clock = { us: () => 2_000_000, now: () => 10_000 }
  const made = edgeSpans({ on: true, tracer } as Telemetry, clock)
  return { started, made }
}

const trail = (extra: Partial<Trail>): Trail => ({
  endpoint: 'local/digits',
  revision: 'r1',
  replica: 'r-1',
  head,
  arrivedUs: 1_000_000,
  heldUs: 0,
  objectiveUs: 100_000,
  reason: null,
  status: 200,
  serviceUs: 1000,
  left: false,
  ...extra,
})

test('held, slow and rejected requests get a span under the caller, quick ones none', t => {
  const { started, made } = spans()
  made.end(trail({}))
  t.is(started.length, 0)
  made.end(trail({ heldUs: 5000 }))
  made.end(trail({ serviceUs: 200_000 }))
  made.end(trail({ reason: 'full', status: null }))
  t.deepEqual(
    started.map(one => one.parent),
    [caller, caller, caller],
  )
  t.is(started[0]?.options.startTime, 9000)
  t.false(JSON.stringify(started).includes('secret'))
  t.is(made.take('local/digits').length, 3)
  t.deepEqual(made.take('local/digits'), [])
})

test('a decision needs no more than four causes', t => {
  const { made } = spans()
  for (let i = 0; i < 10; i++) made.end(trail({ heldUs: 5000 }))
  t.deepEqual(made.take('local/digits'), Array(4).fill(`${caller}-${'2'.repeat(16)}`))
})
