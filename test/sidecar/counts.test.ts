import { Agent } from 'node:http'
import test from 'ava'
import { sample as schema, type Sample } from '../../core/model/sample.ts'
import { check } from '../../core/model/schema.ts'
import { ask, recorder, samplesUntil, sidecar } from './support.ts'

const sum = (samples: Sample[], of: (sample: Sample) => number): number =>
  samples.reduce((total, sample) => total + of(sample), 0)

test('1,000 requests one by one and 64 at once are counted exactly', async t => {
  const origin = await recorder(t, (request, response) => {
    if (request.url === '/slow') setTimeout(() => response.end(), 100)
    else response.end()
  })
  const { traffic, admin, metrics } = await sidecar(t, origin.address, {
    OUTRIGGER_FIRST_LIMIT: '8',
    OUTRIGGER_FIRST_QUEUE_MS: '60000',
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const many = new Agent({ keepAlive: true })
  t.teardown(() => [agent, many].forEach(one => one.destroy()))
  for (let i = 0; i < 1000; i++) t.is((await ask(traffic, '/', { agent })).status, 200)
  const statuses = await Promise.all(
    Array.from({ length: 64 }, async () => (await ask(traffic, '/slow', { agent: many })).status),
  )
  const ok = statuses.filter(status => status === 200).length
  const rejected = statuses.filter(status => status === 429).length
  t.is(ok + rejected, 64)

  // An arrival and its end may fall into two seconds.
  const samples = await samplesUntil(admin, all => sum(all, s => s.completed.ok) === 1000 + ok)
  for (const one of samples) t.deepEqual(check(schema, one), { ok: true, value: one })
  t.is(
    sum(samples, s => s.admitted),
    1000 + ok,
  )
  t.is(
    sum(samples, s => s.completed.ok),
    1000 + ok,
  )
  t.is(
    sum(samples, s => s.rejected.full),
    rejected,
  )
  t.is(
    sum(samples, s => s.abandoned),
    0,
  )
  t.is(
    sum(samples, s => s.service.count),
    1000 + ok,
  )
  t.is(
    sum(samples, s => s.wait.count),
    1000 + ok,
  )
  t.is(Math.max(...samples.map(s => s.inFlight.max)), 8)
  for (const one of samples) {
    t.is(
      sum([one], s => s.occupancy.reduce((us, row) => us + (row[1] ?? 0), 0)),
      one.us,
    )
    t.is(
      sum([one], s => s.occupancy.reduce((n, row) => n + (row[2] ?? 0), 0)),
      one.completed.ok,
    )
  }
  t.deepEqual(
    samples.map(s => s.seq),
    samples.map((_, i) => i),
  )

  const { body } = await ask(metrics, '/metrics')
  const value = (name: string): number =>
    Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(body)?.[1])
  t.is(value('outrigger_offered_requests_total'), 1064)
  t.is(value('outrigger_service_seconds_count'), 1000 + ok)
  t.is(value('outrigger_limit'), 8)
})

test('classes, late ones and what clients left', async t => {
  const { promise: hold, resolve: release } = Promise.withResolvers<void>()
  const origin = await recorder(t, (request, response) => {
    if (request.url === '/hold') void hold.then(() => response.end())
    else {
      const answer = (): void => void response.writeHead(Number(request.url.slice(1))).end()
      setTimeout(answer, request.url === '/203' ? 900 : 0)
    }
  })
  const { traffic, admin } = await sidecar(t, origin.address, {
    OUTRIGGER_FIRST_LIMIT: '4',
    OUTRIGGER_OBJECTIVE_MS: '800',
  })
  for (const status of [200, 203, 302, 404, 400, 500]) await ask(traffic, `/${status}`)
  const left = ask(traffic, '/hold', { signal: AbortSignal.timeout(50) })
  await t.throwsAsync(left)
  const samples = await samplesUntil(admin, all => sum(all, s => s.abandoned) === 1)
  release()
  t.is(
    sum(samples, s => s.completed.ok),
    3,
  )
  t.is(
    sum(samples, s => s.completed.client),
    2,
  )
  t.is(
    sum(samples, s => s.completed.server),
    1,
  )
  // A fast error is none of them.
  t.is(
    sum(samples, s => s.late),
    1,
  )
  t.is(samples.at(-1)?.inFlight.end, 0)
})
