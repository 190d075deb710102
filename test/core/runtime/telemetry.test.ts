import test from 'ava'
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { startTelemetry, type Environment } from '../../../core/runtime/telemetry.ts'
import { otlpReceiver } from '../../support/otlp.ts'

/** The SDK reads the process's own environment, so these tests set it, one after another. */
function environment(values: Environment): Environment {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('OTEL_')) delete process.env[name]
  }
  Object.assign(process.env, values)
  return process.env
}

const quiet = (): void => {}

test.serial(
  'without an endpoint, or disabled, nothing is recorded and nothing is loaded',
  async t => {
    for (const values of [
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' },
    ]) {
      const given = environment(values)
      const telemetry = await startTelemetry({
        component: 'edge',
        version: '1',
        environment: given,
        log: quiet,
      })
      t.false(telemetry.on)
      t.false(telemetry.tracer.startSpan('x').isRecording())
      telemetry.logger.emit({ eventName: 'x' })
      telemetry.meter.createCounter('x').add(1)
      await telemetry.shutdown()
      t.is(given.OTEL_EXPORTER_OTLP_TIMEOUT, undefined)
    }
  },
)

for (const [protocol, compression, type] of [
  ['http/protobuf', 'gzip', 'application/x-protobuf'],
  ['http/json', 'none', 'application/json'],
] as const) {
  test.serial(`spans, events and metrics reach a back end as ${protocol}`, async t => {
    const otlp = await otlpReceiver()
    const telemetry = await startTelemetry({
      component: 'controller',
      version: '1.2.3',
      attributes: { 'outrigger.test': 'yes' },
      environment: environment({
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-who=me',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=lab',
      }),
      log: quiet,
    })
    t.true(telemetry.on)
    const cause = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
    const span = telemetry.tracer.startSpan('decide', {
      links: [{ context: cause, attributes: { why: 'slow' } }],
      attributes: { n: 7, share: 0.25, ok: true, names: ['a', 'b'] },
    })
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no' })
    telemetry.logger.emit({
      eventName: 'outrigger.decision',
      body: { to: 3 },
      attributes: { reason: 'demand' },
      context: trace.setSpan(ROOT_CONTEXT, span),
    })
    span.end()
    telemetry.meter.createCounter('made_total').add(3, { what: 'replicas' })
    telemetry.meter.createHistogram('took', { unit: 's' }).record(0.2)
    telemetry.meter
      .createObservableGauge('level')
      .addCallback(result => result.observe(-4, { of: 'tide' }))
    await telemetry.shutdown()

    const got = await otlp.until(() => otlp.spans[0])
    t.like(got, {
      name: 'decide',
      scope: 'outrigger.controller',
      attributes: { n: 7, share: 0.25, ok: true, names: ['a', 'b'] },
      links: [{ traceId: cause.traceId, spanId: cause.spanId, attributes: { why: 'slow' } }],
      status: { code: 2, message: 'no' },
      resource: {
        'service.name': 'outrigger-controller',
        'service.version': '1.2.3',
        'outrigger.test': 'yes',
        'deployment.environment.name': 'lab',
      },
    })
    const event = await otlp.until(() => otlp.logs[0])
    t.like(event, {
      eventName: 'outrigger.decision',
      body: { to: 3 },
      attributes: { reason: 'demand' },
      traceId: got.traceId,
      spanId: got.spanId,
    })
    const point = (name: string) => otlp.until(() => otlp.points.find(p => p.name === name))
    t.like(await point('made_total'), { kind: 'sum', value: 3, attributes: { what: 'replicas' } })
    t.like(await point('level'), { kind: 'gauge', value: -4, attributes: { of: 'tide' } })
    t.like(await point('took'), { kind: 'histogram', unit: 's', count: 1, sum: 0.2 })
    t.true(otlp.exports.every(one => one.type === type && one.headers['x-who'] === 'me'))
    t.true(otlp.exports.every(one => (one.encoding === 'gzip') === (compression === 'gzip')))
    await otlp.close()
  })
}

test.serial('a signal with no endpoint of its own is off', async t => {
  const otlp = await otlpReceiver()
  const telemetry = await startTelemetry({
    component: 'edge',
    version: '1',
    environment: environment({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${otlp.endpoint}/v1/traces`,
      OTEL_SERVICE_NAME: 'mine',
    }),
    log: quiet,
  })
  telemetry.tracer.startSpan('only').end()
  telemetry.logger.emit({ eventName: 'no' })
  await telemetry.shutdown()
  t.is((await otlp.until(() => otlp.spans[0])).resource['service.name'], 'mine')
  t.deepEqual(
    otlp.exports.map(one => one.path),
    ['/v1/traces'],
  )
  await otlp.close()
})

test.serial('a dead back end is said once and holds up nothing', async t => {
  const said: unknown[] = []
  const telemetry = await startTelemetry({
    component: 'edge',
    version: '1',
    environment: environment({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    }),
    log: (_level, message) => void said.push(message),
  })
  for (let i = 0; i < 10_000; i++) telemetry.tracer.startSpan('x').end()
  await telemetry.shutdown()
  t.is(said.length, 1)
})
