import { setTimeout as after } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { otlpReceiver, type GotSpan, type OtlpReceiver } from '../support/otlp.ts'
import { ask, listen, recorder, samplesUntil, sidecar } from './support.ts'

// The exporter reads its own variables from the process, so the tests of this file share a back end.
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const from = (flags: string, trace = TRACE): string => `00-${trace}-${CALLER}-${flags}`

let back: OtlpReceiver
test.before(async () => {
  back = await otlpReceiver()
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = back.endpoint
  process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'x-key=abc'
})
test.after.always(() => back.close())

const env = (more: Record<string, string> = {}): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: back.endpoint,
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  ...more,
})

async function spanOf(t: ExecutionContext, trace: string): Promise<GotSpan> {
  const span = await back.until(() => back.spans.find(one => one.traceId === trace))
  t.is(span.kind, 2)
  t.is(span.parentSpanId, CALLER)
  return span
}

test.serial('sampled at its head, our span stands between the caller and the model', async t => {
  const origin = await recorder(t)
  const { traffic } = await sidecar(t, origin.address, env())
  const headers = { traceparent: from('01'), tracestate: 'a=1,b=2' }
  await ask(traffic, '/v1/x?secret=1', { headers })
  const span = await spanOf(t, TRACE)
  t.is(origin.requests[0]?.headers.traceparent, `00-${TRACE}-${span.spanId}-01`)
  t.is(origin.requests[0]?.headers.tracestate, 'a=1,b=2')
  t.is(span.name, 'GET')
  t.is(span.resource['service.name'], 'outrigger-sidecar')
  t.is(Number(span.attributes['http.response.status_code']), 200)
  t.true(Number(span.attributes['outrigger.service_time_us']) > 0)
  t.is(Number(span.attributes['outrigger.queue_time_us']), 0)
  t.is(span.attributes['url.path'], '/v1/x')
  t.false(JSON.stringify(span).includes('secret'))
  t.is(back.exports.at(-1)?.type, 'application/x-protobuf')
  t.is(back.exports.at(-1)?.headers['x-key'], 'abc')
})

test.serial('failed, a span comes late: beside those of the model, and as a cause', async t => {
  const trace = '1'.repeat(32)
  const origin = await recorder(t, (_request, response) => void response.writeHead(500).end())
  const { traffic, admin } = await sidecar(t, origin.address, env())
  await ask(traffic, '/', { headers: { traceparent: from('00', trace) } })
  const span = await spanOf(t, trace)
  t.is(origin.requests[0]?.headers.traceparent, from('00', trace))
  t.is(Number(span.status?.code), 2)
  const samples = await samplesUntil(admin, all => all.some(s => s.causes.length > 0))
  t.deepEqual(
    samples.flatMap(s => s.causes),
    [`${trace}-${span.spanId}`],
  )
})

test.serial('rejected and queued ones have a span with their wait and why', async t => {
  const queued = '2'.repeat(32)
  const rejected = '3'.repeat(32)
  const { promise: hold, resolve: release } = Promise.withResolvers<void>()
  const origin = await recorder(t, (_request, response) => void hold.then(() => response.end()))
  const { traffic, admin } = await sidecar(t, origin.address, {
    ...env(),
    OUTRIGGER_FIRST_LIMIT: '1',
    OUTRIGGER_FIRST_QUEUE_MS: '60000',
  })
  const first = ask(traffic)
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 1)
  const second = ask(traffic, '/', { headers: { traceparent: from('00', queued) } })
  const third = await ask(traffic, '/', {
    headers: { traceparent: from('00', rejected), 'x-outrigger-deadline-ms': '1' },
  })
  t.is(third.status, 429)
  release()
  await Promise.all([first, second])
  const late = await spanOf(t, rejected)
  t.is(late.attributes['outrigger.reason'], 'late')
  t.is(Number(late.attributes['http.response.status_code']), 429)
  const waited = await spanOf(t, queued)
  t.true(Number(waited.attributes['outrigger.queue_time_us']) > 0)
})

test.serial('what is no traceparent goes no further, and none is invented', async t => {
  const origin = await recorder(t)
  const { traffic } = await sidecar(t, origin.address, env())
  await ask(traffic, '/', { headers: { traceparent: '00-zz', tracestate: 'a=1' } })
  await ask(traffic, '/', { headers: { tracestate: 'a=1' } })
  await ask(traffic)
  for (const { headers } of origin.requests) {
    t.false('traceparent' in headers)
    t.false('tracestate' in headers)
  }
})

test.serial('without a context, the sampler decides and a trace begins here', async t => {
  const origin = await recorder(t)
  const { traffic } = await sidecar(t, origin.address, env({ OTEL_TRACES_SAMPLER: 'always_on' }))
  await ask(traffic)
  const [, trace = '', span = ''] = String(origin.requests[0]?.headers.traceparent).split('-')
  const got = await back.until(() => back.spans.find(one => one.traceId === trace))
  t.is(got.spanId, span)
})

test.serial(
  'a back end that does not answer costs no request anything, and drops are counted',
  async t => {
    const dead = await listen(t, () => undefined)
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://${dead.address}`
    process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '200'
    const origin = await recorder(t)
    const { traffic, metrics } = await sidecar(
      t,
      origin.address,
      env({ OTEL_TRACES_SAMPLER: 'always_on', OTEL_BSP_MAX_QUEUE_SIZE: '10' }),
    )
    for (let i = 0; i < 50; i++) t.is((await ask(traffic)).status, 200)
    const dropped = async (): Promise<number> =>
      Number(
        /^outrigger_spans_dropped_total\{[^}]*\} (\d+)$/m.exec(
          (await ask(metrics, '/metrics')).body,
        )?.[1],
      )
    t.is(await dropped(), 40)
    // Those that waited are lost too, once the exporter gives up.
    while ((await dropped()) < 50) await after(50)
    t.pass()
  },
)
