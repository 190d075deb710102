import test, { type ExecutionContext } from 'ava'
import { startAggregator } from '../../aggregator/main.ts'
import { readConfig } from '../../aggregator/config.ts'
import { check } from '../../core/model/schema.ts'
import { signals } from '../../core/model/signals.ts'
import { endpointWindows, type EndpointWindows } from '../../core/model/windows.ts'
import { call } from '../../core/runtime/call.ts'
import { follow } from '../../core/runtime/follow.ts'
import { otlpReceiver } from '../support/otlp.ts'
import { busy, ENDPOINT } from './samples.ts'
import { fakeSender, until, type FakeSender } from './sender.ts'

const quiet = (): void => {}
const token = { 'x-outrigger-token': 'secret' }

async function started(t: ExecutionContext, environment: Record<string, string> = {}) {
  Object.assign(process.env, environment)
  const config = readConfig({
    OUTRIGGER_ADMIN: '127.0.0.1:0',
    OUTRIGGER_TOKEN: 'secret',
    ...environment,
  })
  const aggregator = await startAggregator(config, { version: '1.2.3', log: quiet })
  t.teardown(() => aggregator.close())
  const url = `http://${aggregator.address}`
  return { aggregator, url, get: (path: string) => call('GET', `${url}${path}`) }
}

const targetsOf = (admin: string) => ({
  v: 1,
  targets: [
    { kind: 'replica', endpoint: ENDPOINT, replica: 'a', revision: 'r1', admin, expected: true },
  ],
})

function pushSeconds(sender: FakeSender, seconds: number): void {
  const now = Date.now()
  for (let seq = 0; seq < seconds; seq++) {
    const engine = { kind: 'vllm', running: 3, waiting: 1, kv: 250, preemptions: 0 }
    const start = now - (seconds - seq) * 1000
    sender.push(busy(5, 20_000, { seq, start, engine, memory: { bytes: 123_456, limit: null } }))
  }
}

test.serial(
  'targets in, windows out: one, all, followed, of a replica, and as metrics',
  async t => {
    const sender = await fakeSender()
    pushSeconds(sender, 25)
    const { url, get } = await started(t)
    t.is((await call('PUT', `${url}/v1/targets`, { json: targetsOf(sender.address) })).status, 401)
    const put = (json: unknown) => call('PUT', `${url}/v1/targets`, { json, headers: token })
    const bad = await put({ v: 2, targets: [{ kind: 'x' }] })
    t.is(bad.status, 400)
    t.regex(JSON.stringify(bad.json), /v: expected .*targets\[0\]\.kind: expected .*admin/)
    const nameless = targetsOf('127.0.0.1:1').targets.map(one => ({ ...one, endpoint: null }))
    t.is((await put({ v: 1, targets: nameless })).status, 400)
    const accepted = await put(targetsOf(sender.address))
    t.like(accepted, { status: 200, json: { targets: 1 } })

    const lines: EndpointWindows[] = []
    const stream = follow({
      url: () => `${url}/v1/windows?follow=1`,
      line: value => void lines.push(value as EndpointWindows),
    })
    const line = await until(() => lines.find(one => one.warm))
    stream.stop()
    const checked = check(endpointWindows, line)
    t.true(checked.ok, JSON.stringify(checked))
    t.is(line.endpoint, ENDPOINT)
    t.is(line.windows['3']?.replicas.samples, 3)

    const one = await get(`/v1/windows/${ENDPOINT}`)
    t.like(one, { status: 200, json: { endpoint: ENDPOINT, warm: true } })
    t.is((await get('/v1/windows/local/nothing')).status, 404)
    t.like(await get(`/v1/windows/${ENDPOINT}?replica=a`), { status: 200, json: { replica: 'a' } })
    t.is((await get(`/v1/windows/${ENDPOINT}?replica=z`)).status, 404)
    const list = await get('/v1/windows')
    t.like((list.json as { endpoints: unknown[] }).endpoints[0], {
      endpoint: ENDPOINT,
      expected: 1,
    })
    t.like((await get('/healthz')).json, { boot: (accepted.json as { boot: string }).boot })
    t.is((await get('/readyz')).status, 200)

    const page = String((await get('/metrics')).json)
    for (const name of Object.keys(signals.aggregator)) t.regex(page, new RegExp(`^${name}`, 'm'))
    t.regex(page, /outrigger_aggregator_samples_total\{result="new"\} 25/)
    t.regex(page, /outrigger_aggregator_streams\{state="open"\} 1/)
    t.regex(page, /outrigger_endpoint_offered_per_second\{endpoint="local\/digits"\} 5/)
    await sender.close()
  },
)

test.serial("the sidecars' metrics are exported over OTLP", async t => {
  const otlp = await otlpReceiver()
  const sender = await fakeSender()
  pushSeconds(sender, 4)
  const { url } = await started(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint,
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    OTEL_METRIC_EXPORT_TIMEOUT: '200',
  })
  await call('PUT', `${url}/v1/targets`, { json: targetsOf(sender.address), headers: token })
  const labels = { endpoint: ENDPOINT, replica: 'a', revision: 'r1' }
  const point = (name: string, value: number, more: Record<string, string> = {}) =>
    otlp.until(() =>
      otlp.points.find(
        one =>
          one.name === name &&
          (one.kind === 'histogram' ? one.count : one.value) === value &&
          JSON.stringify(one.attributes) === JSON.stringify({ ...labels, ...more }),
      ),
    )
  t.is((await point('outrigger_requests_total', 20, { outcome: 'ok' })).kind, 'sum')
  const offered = await point('outrigger_offered_requests_total', 20)
  t.is(offered.resource['service.name'], 'outrigger-aggregator')
  t.is((await point('outrigger_requests_in_flight', 2)).kind, 'gauge')
  await point('outrigger_limit', 4)
  await point('outrigger_model_memory_bytes', 123_456)
  await point('outrigger_model_cpu_seconds_total', 2)
  await point('outrigger_engine_kv_ratio', 0.25, { engine: 'vllm' })
  const service = await point('outrigger_service_seconds', 20)
  t.is(service.unit, 's')
  t.true(Math.abs(service.sum - 0.4) < 0.02)
  t.deepEqual(service.explicitBounds, [...signals.sidecar.outrigger_service_seconds.buckets])
  await otlp.until(() =>
    otlp.points.find(one => one.name === 'outrigger_endpoint_coverage_ratio' && one.value === 1),
  )
  await sender.close()
  await otlp.close()
})
