import { open } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { check } from '../../core/model/schema.ts'
import { replicaTable } from '../../core/model/tables.ts'
import { rootKeys } from '../../core/runtime/keys.ts'
import { refusal } from '../../core/runtime/signing.ts'
import { otlpReceiver } from '../support/otlp.ts'
import { folder } from './support/folder.ts'
import { CAUSE, token, world } from './support/world.ts'

interface View {
  endpoints: {
    endpoint: string
    learned: { limit: number }
    decisions: { id: string; what: string }[]
    overrides: unknown[]
  }[]
}

test('the whole loop over sockets: targets, orders, scaling, people, what is answered', async t => {
  const stateDir = folder(t)
  const { ask, until, targets, orders, scaled } = await world(t, stateDir)
  const first = await until(() => targets[0])
  t.deepEqual(
    first.targets.map(({ kind, replica }) => `${kind} ${replica}`),
    ['edge edge-1', 'replica busy-1'],
  )
  t.like(await until(() => orders[0]), {
    endpoint: 'local/busy',
    revision: 'rev-1',
    limit: 2,
    epoch: 1,
    n: 1,
  })

  const view = async (): Promise<View> => (await ask('GET', '/v1/endpoints')).json as View
  const line = await until(async () =>
    (await view()).endpoints[0]?.decisions.find(({ what }) => what === 'replicas'),
  )
  const shown = await ask('GET', `/v1/decisions/${line.id}`)
  t.like(shown.json, {
    record: { id: line.id, kind: 'decision' },
    explanation: { endpoint: 'local/busy' },
  })
  t.is((await ask('GET', '/v1/decisions/00000000-0000-7000-8000-000000000000')).status, 404)
  t.like((await ask('GET', '/v1/explain/local/busy')).json, { endpoint: 'local/busy', says: [] })
  t.is((await ask('GET', '/v1/explain/local/busy?at=soon')).status, 400)
  t.is((await ask('GET', '/v1/explain/local/none')).status, 404)
  const belief = await ask('GET', '/v1/learned/local/busy')
  t.like(belief.json, { endpoint: 'local/busy', revision: 'rev-1', curve: { unit: 'answers' } })
  t.is((await ask('GET', '/v1/learned/local/none')).status, 404)
  t.is((await ask('GET', '/readyz')).status, 200)
  await until(async () => {
    const { points } = (await ask('GET', '/v1/history/local/busy')).json as { points: unknown[] }
    return points.length > 1
  })

  t.is((await ask('GET', '/v1/replicas?edge=edge-1')).status, 401)
  const answer = await ask('GET', '/v1/replicas?edge=edge-1', { headers: token })
  const table = check(replicaTable, answer.json)
  if (!table.ok) return t.fail(JSON.stringify(table.issues))
  t.is(table.value.endpoints[0]?.holdUs, 30_000_000)
  const pass = table.value.endpoints[0]?.pass
  t.is(pass && refusal(pass, rootKeys(join(stateDir, 'keys')).publicKey, Date.now()), null)
  t.like(pass?.pass, { edge: 'edge-1', endpoint: 'local/busy' })

  t.is(
    (await ask('PUT', '/v1/overrides/local/busy', { json: { what: 'replicas', value: 3 } })).status,
    401,
  )
  const set = { json: { what: 'replicas', value: 3, for: '10m', who: 'ada' }, headers: token }
  t.like(await ask('PUT', '/v1/overrides/local/bussy', set), {
    status: 404,
    json: { error: 'no endpoint local/bussy' },
  })
  t.is((await ask('PUT', '/v1/overrides/local/busy', set)).status, 200)
  t.is((await ask('POST', '/v1/activate/local/busy', { headers: token })).status, 202)
  t.is((await ask('POST', '/v1/activate/local/none', { headers: token })).status, 404)
  const asked = await until(() => scaled.find(({ replicas }) => replicas === 3))
  t.is(asked.epoch, 1)
  const told = await until(async () => {
    const { json } = await ask('GET', `/v1/decisions/${asked.decision}`)
    const { actuations } = json as { actuations: unknown[] }
    return actuations.length > 0 && json
  })
  t.regex(JSON.stringify(told), /A person set the number of replicas to 3\./)
  t.like(told, {
    explanation: { what: 'replicas' },
    actuations: [{ asked: '3 replicas', error: null }],
  })
  t.is((await ask('DELETE', '/v1/overrides/local/busy?who=ada', { headers: token })).status, 200)
  t.deepEqual((await view()).endpoints[0]?.overrides, [])

  const metrics = (await ask('GET', '/metrics')).json as string
  t.regex(metrics, /outrigger_acting 1/)
  t.regex(
    metrics,
    /outrigger_decisions_total\{endpoint="local\/busy",what="replicas",action="up"\} [1-9]/,
  )
  t.regex(
    metrics,
    /outrigger_actuations_total\{endpoint="local\/busy",what="limit",result="done"\} [1-9]/,
  )
  const raw = (await ask('GET', '/v1/log?since=0&limit=3')).json as string
  t.is(raw.trim().split('\n').length, 3)
  t.false(((await ask('GET', '/v1/log?since=0')).json as string).includes('local/bussy'))
  t.is((await ask('GET', '/', { headers: { host: 'evil.example:80' } })).status, 403)
  const stranger = { host: 'evil.example:80', 'x-outrigger-token': 'guessed' }
  t.is((await ask('GET', '/', { headers: stranger })).status, 403, 'any token is not the token')
  t.is((await ask('GET', '/healthz', { headers: { host: 'localhost:80' } })).status, 200)
  t.not((await ask('GET', '/')).status, 500)
  t.is((await ask('GET', '/assets/..%2Findex.html')).status, 404)
})

test('a disk that fails: not acting is said loudly, and measuring goes on', async t => {
  const disk = { full: false }
  const { ask, until, said, orders } = await world(t, folder(t), {
    openFile: async path => {
      const file = await open(path, 'a')
      return {
        appendFile: text => file.appendFile(text),
        datasync: () => (disk.full ? Promise.reject(new Error('EIO: i/o error')) : file.datasync()),
        close: () => file.close(),
      }
    },
  })
  await until(() => orders[0])
  disk.full = true
  await until(async () => (await ask('GET', '/readyz')).status === 503)
  disk.full = false
  const { json } = await ask('GET', '/readyz')
  t.regex((json as { why: string }).why, /^Not acting: .*EIO/)
  await until(() => said.find(line => line.startsWith('error NOT ACTING ANY MORE')))
  t.regex((await ask('GET', '/metrics')).json as string, /outrigger_acting 0/)
  const live = async (): Promise<number> => {
    const { endpoints } = (await ask('GET', '/v1/endpoints')).json as {
      endpoints: { live: { t: number } }[]
    }
    return endpoints[0]?.live.t ?? 0
  }
  const then = await live()
  await until(async () => (await live()) > then)
  t.is(
    (
      await ask('PUT', '/v1/overrides/local/busy', {
        json: { what: 'replicas', value: 1 },
        headers: token,
      })
    ).status,
    500,
  )
})

test('sidecars hold an order of our epoch that a lost log knows nothing of: the next epoch is taken', async t => {
  const { until, orders } = await world(t, folder(t), { epoch: 1, held: { epoch: 1, n: 57 } })
  t.truthy(await until(() => orders.find(({ epoch }) => epoch === 2)))
})

test('an epoch that no controller gave is ignored and said', async t => {
  const { until, orders, said } = await world(t, folder(t), { epoch: 2 ** 41 })
  await until(() => said.find(line => line.includes('an epoch that no controller gave')))
  const order = await until(() => orders.at(-1))
  t.is(order.epoch, 1)
})

test('an epoch above ours in the samples: a greater one is taken, and the orders are signed again', async t => {
  const { until, orders } = await world(t, folder(t), { epoch: 41 })
  const order = await until(() => orders.find(({ epoch }) => epoch === 42))
  t.is(order.limit, 2)
})

test('each decision is a span with an event that says why, linked to the requests that caused it', async t => {
  const otlp = await otlpReceiver()
  t.teardown(() => otlp.close())
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '200',
    OTEL_BLRP_SCHEDULE_DELAY: '200',
  }
  Object.assign(process.env, environment)
  t.teardown(() => Object.keys(environment).forEach(name => delete process.env[name]))
  const { until } = await world(t, folder(t), { environment })
  const span = await until(() =>
    otlp.spans.find(({ name, links }) => name === 'decide replicas' && links.length > 0),
  )
  t.deepEqual(
    span.links.map(({ traceId, spanId }) => `${traceId}-${spanId}`),
    [CAUSE],
  )
  t.is(span.attributes['outrigger.endpoint'], 'local/busy')
  const event = await until(() => otlp.logs.find(({ spanId }) => spanId === span.spanId))
  t.is(event.eventName, 'outrigger.decision')
  t.is(event.traceId, span.traceId)
  t.regex(String(event.attributes['outrigger.decision.id']), /^[0-9a-f]{8}-/)
  for (const name of ['inputs', 'proposals', 'bounds', 'sentences']) {
    t.true(Array.isArray(event.attributes[`outrigger.decision.${name}`]), name)
  }
  t.is(typeof event.attributes['outrigger.decision.sentence'], 'string')
})
