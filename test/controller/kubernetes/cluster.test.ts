import test, { type ExecutionContext } from 'ava'
import { clusterPlatform, type ClusterPlatform } from '../../../controller/kubernetes/cluster.ts'
import type { EventSaid } from '../../../controller/kubernetes/api/events.ts'
import { check } from '../../../core/model/schema.ts'
import { platform as schema, type Platform } from '../../../core/model/tables.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'
import { HandTime, until } from '../../support/hand-time.ts'
import { deployment, pod, T0 } from './support/objects.ts'

const X = 'shop/model'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments'
const HPAS = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers'
const EDGE = { 'outrigger.dev/edge': 'true' }

interface Stage {
  fake: FakeApiServer
  time: HandTime
  platform: ClusterPlatform
  tables: Platform[]
  said: EventSaid[]
  holds: boolean
  newest(): Platform | undefined
  put(name: string, parts?: Parameters<typeof deployment>[1]): void
  /** Seconds go by, with what they set off. */
  seconds(so: () => boolean, what: string): Promise<void>
}

function edgePod(fake: FakeApiServer, ip: string, ready = true, of = 'outrigger'): void {
  const made = pod('outrigger-system/edge', ip.replaceAll(/[.:]/g, '-'), { ready, status: {} })
  made.metadata.labels = {
    'app.kubernetes.io/name': of,
    'app.kubernetes.io/component': 'edge',
  }
  made.status = { ...made.status, podIP: ip, podIPs: [{ ip }] }
  fake.store.put(`/api/v1/namespaces/outrigger-system/pods/${made.metadata.name}`, made as never)
}

async function stage(
  t: ExecutionContext,
  prepare: (fake: FakeApiServer) => void = () => undefined,
): Promise<Stage> {
  const fake = await FakeApiServer.start()
  const time = new HandTime()
  prepare(fake)
  const tables: Platform[] = []
  const said: EventSaid[] = []
  const out = { holds: true }
  const platform = clusterPlatform({
    kube: fake.kube(),
    access: null,
    namespace: 'outrigger-system',
    watchNamespaces: [],
    aggregator: 'outrigger-aggregator:15030',
    verifyKubelets: true,
    gpuExporters: ['app=nvidia-dcgm-exporter'],
    events: { say: event => void said.push(event) },
    held: () => out.holds,
    log: () => undefined,
    time,
    utc: () => T0 + time.now(),
  })
  t.teardown(async () => {
    platform.stop()
    await fake.stop()
  })
  platform.follow(table => void tables.push(table))
  const on: Stage = Object.assign(out, {
    fake,
    time,
    platform,
    tables,
    said,
    newest: () => tables.at(-1),
    put: (name: string, parts?: Parameters<typeof deployment>[1]) => {
      const [, own] = name.split('/')
      fake.store.put(`${DEPLOYMENTS}/${own}`, whole(name, parts) as never)
    },
    seconds: async (so: () => boolean, what: string) => {
      await until(() => {
        time.advance(50)
        return so()
      }, what)
    },
  })
  await on.seconds(() => tables.length > 0, 'a table')
  return on
}

/** As the API server keeps it: with a template that has a spec. */
function whole(name: string, parts?: Parameters<typeof deployment>[1]): object {
  const made = deployment(name, parts)
  const spec = { containers: [{ name: 'app', image: 'model:1' }] }
  return {
    metadata: made.metadata,
    spec: { ...made.spec, template: { ...made.spec.template, spec } },
  }
}

test('an empty cluster is a table, and what is annotated comes into it', async t => {
  const on = await stage(t)
  t.deepEqual(on.newest()?.endpoints, [])
  on.put(X, { replicas: 2 })
  on.put('shop/plain', { template: { 'outrigger.dev/inject': 'false' } })
  await on.seconds(() => on.newest()?.endpoints.length === 1, 'the endpoint')
  t.like(on.newest()?.endpoints[0], { endpoint: X, desired: 2, port: 0, replicas: [] })
  t.regex(on.newest()?.endpoints[0]?.revision ?? '', /^[0-9a-f]{16}$/)
  // The label alone makes no replica: it may have come with a copied template.
  const labelled = { ...pod(X, 'labelled'), spec: { containers: [{ name: 'app' }] } }
  for (const made of [labelled, pod(X, 'a')])
    on.fake.store.put(`/api/v1/namespaces/shop/pods/${made.metadata.name}`, made as never)
  const isThere = (): boolean =>
    on.newest()?.endpoints[0]?.replicas.some(({ replica }) => replica === 'model-aaa-a') === true
  await on.seconds(isThere, 'the replica')
  t.is(on.newest()?.endpoints[0]?.replicas.length, 1)
  const result = check(schema, on.newest())
  t.true(result.ok, JSON.stringify(result))
  on.fake.store.remove(`${DEPLOYMENTS}/model`)
  await on.seconds(() => on.newest()?.endpoints.length === 0, 'the end of it')
})

test('many changes make at most five tables a second, and calm makes one', async t => {
  const on = await stage(t)
  const from = on.time.now()
  const count = on.tables.length
  for (let i = 0; i < 200; i++) on.put(X, { replicas: i })
  await on.seconds(() => on.newest()?.endpoints[0]?.desired === 199, 'the last change')
  const ms = on.time.now() - from
  t.true(on.tables.length - count <= 2 + ms / 200 + ms / 1000, `${on.tables.length} in ${ms} ms`)
  const before = on.tables.length
  const version = on.newest()?.version
  on.time.advance(5000)
  t.is(on.tables.length - before, 5)
  t.is(on.newest()?.version, version)
})

test('scaling, as a whole: done with an Event, refused beside an HPA with another', async t => {
  const on = await stage(t, fake =>
    fake.store.put(`${DEPLOYMENTS}/model`, whole(X, { replicas: 1 }) as never),
  )
  const want = (replicas: number) => ({
    v: 1 as const,
    replicas,
    victims: [],
    version: on.newest()?.version ?? 0,
    epoch: 2,
    decision: 'd1',
  })
  await on.platform.fence(2)
  t.true((await on.platform.scale(X, want(2))).done)
  t.is(on.fake.store.get(`${DEPLOYMENTS}/model`)?.spec?.['replicas'], 2)
  t.like(on.said[0], { type: 'Normal', reason: 'ScaledUp' })
  t.is(on.said[0]?.note, '1 to 2 replicas, by decision d1')
  await on.seconds(() => on.newest()?.endpoints[0]?.desired === 2, 'the new count')
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'model' }
  on.fake.store.put(`${HPAS}/h`, { metadata: {}, spec: { scaleTargetRef } })
  await on.seconds(() => on.platform.overridesOf(X).length > 0, 'the HPA')
  t.deepEqual(on.platform.overridesOf(X), [
    { what: 'freeze', value: '"replicas"', who: 'HorizontalPodAutoscaler shop/h', until: null },
  ])
  t.regex((await on.platform.scale(X, want(3))).words, /kubectl delete hpa -n shop h/)
  await on.seconds(() => on.said.some(({ reason }) => reason === 'Refused'), 'the Event')
  on.fake.store.remove(`${HPAS}/h`)
  await on.seconds(() => on.platform.overridesOf(X).length === 0, 'its end')
})

test("KEDA's objects count where there are any", async t => {
  const path = '/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/k'
  const on = await stage(t, fake => {
    fake.store.put(`${DEPLOYMENTS}/model`, whole(X) as never)
    fake.store.put(path, { metadata: {}, spec: { scaleTargetRef: { name: 'model' } } })
  })
  t.is(on.platform.overridesOf(X)[0]?.who, 'ScaledObject shop/k')
  t.true('scaledobjects' in on.platform.figures().informers)
})

test('a wrong annotation is said once, and the last good settings stay', async t => {
  const on = await stage(t)
  on.put(X, { annotations: { 'outrigger.dev/max-replicas': '5' } })
  await on.seconds(() => on.platform.settingsOf(X) !== null, 'settings')
  t.is(on.platform.settingsOf(X)?.['max-replicas'], 5)
  const good = on.platform.settingsOf(X)
  on.put(X, { annotations: { 'outrigger.dev/max-replicas': 'lots' } })
  await on.seconds(() => on.said.length > 0, 'the Event')
  t.is(on.platform.settingsOf(X), good)
  t.like(on.said[0], { type: 'Warning', reason: 'InvalidAnnotation' })
  t.regex(on.said[0]?.note ?? '', /max-replicas: expected an integer from 1 to 10000, got "lots"/)
  on.time.advance(10_000)
  t.is(on.said.length, 1)
  on.put('shop/other', { annotations: { 'outrigger.dev/max-replicas': 'lots' } })
  await on.seconds(() => on.said.length > 1, 'the other Event')
  t.is(on.platform.settingsOf('shop/other'), null)
})

test('an edge: its port is kept, its Service leads to the ready edges, and goes with the wish', async t => {
  const on = await stage(t, fake => {
    edgePod(fake, '10.244.0.9')
    edgePod(fake, 'fd00::9', false)
    edgePod(fake, '10.244.0.66', true, 'something-else')
    fake.store.put(`${DEPLOYMENTS}/model`, whole(X, { annotations: EDGE }) as never)
  })
  const service = '/api/v1/namespaces/shop/services/model-edge'
  const slices = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/model-edge'
  const get = (path: string) => on.fake.store.get(path) as unknown as Record<string, unknown>
  await on.seconds(() => on.newest()?.endpoints[0]?.port === 20_000, 'the port')
  await on.seconds(() => get(`${slices}-ipv6`) !== null, 'the slices')
  t.like(get(service), {
    spec: {
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 20_000 }],
      ipFamilyPolicy: 'PreferDualStack',
    },
  })
  const conditions = (ready: boolean) => ({ ready, serving: ready, terminating: false })
  t.like(get(`${slices}-ipv4`), {
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 20_000, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.244.0.9'], conditions: conditions(true) }],
  })
  t.like(get(`${slices}-ipv6`), { endpoints: [{ conditions: conditions(false) }] })
  const writes = on.fake.requests.filter(({ method }) => method !== 'GET').length
  on.time.advance(10_000)
  // Whoever deletes it finds it made anew.
  on.fake.store.remove(service)
  await on.seconds(() => get(service) !== null, 'the Service again')
  t.is(on.fake.requests.filter(({ method }) => method !== 'GET').length, writes + 1)
  const { annotations } = on.fake.store.get(`${DEPLOYMENTS}/model`)?.metadata ?? {}
  on.put(X, { annotations: { ...annotations, 'outrigger.dev/edge': 'false' } })
  await on.seconds(() => get(service) === null && get(`${slices}-ipv4`) === null, 'the end')
  t.is(on.newest()?.endpoints[0]?.port, 0)
})

test("somebody else's Service of that name is left alone, with an Event", async t => {
  const service = '/api/v1/namespaces/shop/services/model-edge'
  const on = await stage(t, fake => {
    fake.store.put(service, { metadata: { labels: { mine: 'yes' } }, spec: { ports: [] } })
    fake.store.put(`${DEPLOYMENTS}/model`, whole(X, { annotations: EDGE }) as never)
  })
  await on.seconds(() => on.said.length > 0, 'the Event')
  t.like(on.said[0], { reason: 'EdgeRefused' })
  t.deepEqual(on.fake.store.get(service)?.spec, { ports: [] })
  on.put(`shop/${'x'.repeat(60)}`, { annotations: EDGE })
  await on.seconds(() => on.said.length > 1, 'the other Event')
  t.regex(on.said[1]?.note ?? '', /is no name that a Service may have/)
})

test('without the lease nothing is written', async t => {
  const on = await stage(t)
  on.holds = false
  edgePod(on.fake, '10.244.0.9')
  on.put(X, { annotations: EDGE })
  await on.seconds(() => on.newest()?.endpoints.length === 1, 'the endpoint')
  on.platform.note(X, { replicas: 1, limit: 4, decision: 'd', at: T0 }, 1)
  on.time.advance(120_000)
  on.put('shop/later')
  await on.seconds(() => on.newest()?.endpoints.length === 2, 'what comes later')
  t.deepEqual(
    on.fake.requests.filter(({ method }) => method !== 'GET'),
    [],
  )
})

test('the status is written when it changes, at most each 30 s, and not over a newer leader', async t => {
  const on = await stage(t, fake =>
    fake.store.put(`${DEPLOYMENTS}/model`, whole(X, { replicas: 1 }) as never),
  )
  const status = () =>
    on.fake.store.get(`${DEPLOYMENTS}/model`)?.metadata.annotations?.['outrigger.dev/status'] ?? ''
  const note = (limit: number) =>
    on.platform.note(X, { replicas: 1, limit, decision: 'd', at: T0 }, 3)
  note(4)
  await on.seconds(() => status().includes('"limit":4'), 'the status')
  t.deepEqual(JSON.parse(status()), {
    replicas: 1,
    limit: 4,
    decision: 'd',
    at: '2026-03-01T12:00:00.000Z',
  })
  const at = on.time.now()
  note(5)
  note(6)
  await on.seconds(() => status().includes('"limit":6'), 'the newer status')
  t.true(on.time.now() - at >= 29_000)
  on.put(X, { annotations: { 'outrigger.dev/epoch': '4' } })
  note(7)
  on.time.advance(90_000)
  on.put('shop/later')
  await on.seconds(() => on.newest()?.endpoints.length === 2, 'what comes later')
  t.is(status(), '')
})
