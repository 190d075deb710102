import test from 'ava'
import { DEPLOYMENTS, EDGE, edgePod, stage, whole, X } from './support/stage.ts'

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

test('a Deployment that was replaced without its port keeps its Service, and the address that clients know', async t => {
  const on = await stage(t, fake => {
    edgePod(fake, '10.244.0.9')
    fake.store.put(`${DEPLOYMENTS}/model`, whole(X, { annotations: EDGE }) as never)
  })
  const slice = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/model-edge-ipv4'
  await on.seconds(() => on.fake.store.get(slice) !== null, 'the slice')
  await on.seconds(() => on.newest()?.endpoints[0]?.port === 20_000, 'the port')
  // As `kubectl replace` does: what its manifest does not name is gone.
  on.put(X, { annotations: EDGE })
  await on.seconds(() => on.newest()?.endpoints[0]?.port === 0, 'no port')
  await on.seconds(() => on.newest()?.endpoints[0]?.port === 20_000, 'the port again')
  on.put('shop/later')
  await on.seconds(() => on.newest()?.endpoints.length === 2, 'what comes later')
  t.deepEqual(
    on.fake.requests.filter(({ method }) => method === 'DELETE'),
    [],
  )
})

test("an edge's Service that can't be written is tried each second, and said once", async t => {
  const on = await stage(t, fake => {
    edgePod(fake, '10.244.0.9')
    fake.fault = ({ method, path }) =>
      method === 'PATCH' && path.endsWith('/services/model-edge')
        ? { status: 403, body: '{"kind":"Status","code":403,"message":"no right"}' }
        : null
    fake.store.put(`${DEPLOYMENTS}/model`, whole(X, { annotations: EDGE }) as never)
  })
  const tries = () => on.fake.requests.filter(({ path }) => path.endsWith('/services/model-edge'))
  await on.seconds(() => tries().length > 6, 'some tries')
  t.deepEqual(
    on.logged.filter(text => text.includes("edge's Service")),
    ["can't keep an edge's Service"],
  )
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
