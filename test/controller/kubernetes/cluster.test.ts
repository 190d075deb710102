import test from 'ava'
import { saysOf } from '../../../controller/says.ts'
import { check } from '../../../core/model/schema.ts'
import { platform as schema } from '../../../core/model/tables.ts'
import { deployment, pod, T0 } from './support/objects.ts'
import { DEPLOYMENTS, EDGE, edgePod, stage, whole, X } from './support/stage.ts'

const HPAS = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers'

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

test('a paused rollout is told as the API server has it, and the Deployment is scaled all the same', async t => {
  const put = { replicas: 1, paused: true, status: { replicas: 1 } }
  const on = await stage(t, fake => {
    fake.store.put(`${DEPLOYMENTS}/model`, { ...deployment(X, put), ...whole(X, put) })
    const a = pod(X, 'a')
    fake.store.put(`/api/v1/namespaces/shop/pods/${a.metadata.name}`, a as never)
  })
  const row = on.newest()?.endpoints[0]
  t.like(row, { desired: 1, replicas: [{ state: 'ready' }] })
  t.deepEqual(row === undefined ? [] : saysOf(row, [], T0), [
    'rollout is paused: 1 of 1 pods is of an older template, and so are those that scaling adds.',
  ])
  const want = { v: 1 as const, victims: [], version: on.newest()?.version ?? 0, epoch: 2 }
  t.true((await on.platform.scale(X, { ...want, replicas: 3, decision: 'd' })).done)
  t.like(on.fake.store.get(`${DEPLOYMENTS}/model`)?.spec, { replicas: 3, paused: true })
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
