import test, { type ExecutionContext } from 'ava'
import { Informer, type InformerOptions } from '../../../../controller/kubernetes/api/informer.ts'
import type { Level } from '../../../../core/runtime/log.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'
import type { Kept } from '../../../support/fake-api-store.ts'
import { HandTime, until } from '../../../support/hand-time.ts'

const pods = '/api/v1/namespaces/a/pods'

interface Kit {
  api: FakeApiServer
  time: HandTime
  informer: Informer<Kept, unknown>
  /** What `changed` told, as name=value. */
  told: string[]
  said: [Level, string][]
  put(name: string, n: number): void
  lists(): number
  watchesAsked(): string[]
}

async function setUp(
  t: ExecutionContext,
  options: Partial<InformerOptions<Kept, unknown>> = {},
): Promise<Kit> {
  const api = await FakeApiServer.start()
  const time = new HandTime()
  const told: string[] = []
  const said: [Level, string][] = []
  const informer = new Informer<Kept, unknown>({
    kube: api.kube(),
    path: '/api/v1/pods',
    keep: ({ spec }) => spec?.n ?? null,
    changed: (name, kept) => void told.push(`${name}=${JSON.stringify(kept)}`),
    log: (level, message) => void said.push([level, message]),
    time,
    ...options,
  })
  t.teardown(() => {
    informer.stop()
    return api.stop()
  })
  const asked = (watch: boolean): Record<string, string>[] =>
    api.requests.map(({ query }) => query).filter(({ watch: is }) => (is === 'true') === watch)
  return {
    api,
    time,
    informer,
    told,
    said,
    put: (name, n) => void api.store.put(`${pods}/${name}`, { metadata: {}, spec: { n } }),
    lists: () => asked(false).filter(query => query.continue === undefined).length,
    watchesAsked: () => asked(true).map(({ resourceVersion = '' }) => resourceVersion),
  }
}

async function synced(kit: Kit, watches = 1): Promise<void> {
  kit.informer.start()
  await kit.informer.synced
  await until(() => kit.api.watches === watches, 'a watch')
}

test('lists, then follows, and keeps what it was told to', async t => {
  const kit = await setUp(t)
  const { api, informer, told, put } = kit
  for (const n of [1, 2]) put(`p${n}`, n)
  await synced(kit)
  t.deepEqual(told, ['a/p1=1', 'a/p2=2'])
  put('p3', 3)
  put('p1', 11)
  api.store.remove(`${pods}/p2`)
  await until(() => told.length === 5)
  t.deepEqual(told.slice(2), ['a/p3=3', 'a/p1=11', 'a/p2=null'])
  t.deepEqual(informer.all(), [11, 3])
  t.is(informer.get('a', 'p1'), 11)
  t.is(informer.get('a', 'p2'), null)
  api.store.put(`${pods}/p1`, { metadata: {}, spec: {} })
  await until(() => told.length === 6)
  t.is(told[5], 'a/p1=null', 'nothing to keep of it any more')
  const { lastEventAgeMs, ...figures } = informer.figures()
  t.is(lastEventAgeMs, 0)
  t.deepEqual(figures, {
    objects: 1,
    relists: 1,
    watches: 1,
    events: 4,
    stalls: 0,
    nonsense: 0,
    failures: 0,
  })
})

test('a watch that ends is opened from where it was, and misses nothing', async t => {
  const kit = await setUp(t)
  const { api, told, put, time, lists, watchesAsked, said } = kit
  put('p1', 1)
  await synced(kit)
  put('p1', 2)
  await until(() => told.length === 2)
  time.advance(20_000)
  const version = String(api.store.version)
  api.endWatches('end')
  put('p1', 3)
  await until(() => told.length === 3)
  t.deepEqual([lists(), watchesAsked().at(-1)], [1, version])
  // A bookmark moves where it goes on from.
  api.store.put('/api/v1/nodes/n', { metadata: {} })
  api.bookmark()
  await until(() => kit.informer.figures().lastEventAgeMs === 0)
  time.advance(20_000)
  await until(() => api.watches === 1)
  api.bookmark()
  await until(() => kit.informer.figures().lastEventAgeMs === 0)
  time.advance(20_000)
  api.endWatches('end')
  await until(() => watchesAsked().length === 3)
  t.is(watchesAsked().at(-1), String(api.store.version))
  t.deepEqual(said, [], 'all of it is ordinary')
})

test('an API server that is away is asked ever less often, and said once', async t => {
  const kit = await setUp(t)
  const { api, told, put, time, said, lists, informer } = kit
  api.fault = () => ({ status: 503, headers: { 'retry-after': '1' } })
  informer.start()
  for (let i = 1; i <= 9; i++) {
    await until(() => api.requests.length === i && time.next < Infinity)
    time.advance(time.next - time.now())
  }
  t.deepEqual(time.delays.slice(0, 9), [1000, 1000, 1000, 1600, 3200, 6400, 10000, 10000, 10000])
  t.deepEqual(
    said.map(([level]) => level),
    ['warn'],
  )
  api.fault = () => null
  put('p1', 1)
  await until(() => time.next < Infinity)
  time.advance(20_000)
  await until(() => told.length === 1 && api.watches === 1)
  time.advance(16_000)
  t.deepEqual(said.at(-1), ['info', '/api/v1/pods is followed again'])
  // Cut off while it watches: it goes on from its version, without a list.
  const before = lists()
  api.fault = () => 'reset'
  api.endWatches('reset')
  await until(() => said.length === 3)
  put('p1', 2)
  api.fault = () => null
  time.advance(20_000)
  await until(() => told.length === 2)
  t.is(lists(), before)
})

test('a version that is too old is listed anew: what has gone meanwhile is told', async t => {
  const kit = await setUp(t)
  const { api, told, put, time, lists } = kit
  for (const n of [1, 2, 3]) put(`p${n}`, n)
  await synced(kit)
  told.length = 0
  api.fault = ({ query }) => (query.watch === 'true' ? 'reset' : null)
  api.endWatches('reset')
  await until(() => time.next < Infinity)
  api.store.remove(`${pods}/p2`)
  put('p3', 33)
  api.store.compact()
  api.fault = () => null
  for (let i = 0; told.length < 2; i++) {
    time.advance(20_000)
    await new Promise(resolve => setImmediate(resolve))
    t.true(i < 5000)
  }
  t.deepEqual(told.toSorted(), ['a/p2=null', 'a/p3=33'], 'the one that did not change is not told')
  t.is(lists(), 2)
})

test('nonsense is counted and listed anew', async t => {
  const kit = await setUp(t)
  const { api, told, put, time, informer } = kit
  put('p1', 1)
  await synced(kit)
  for (const line of ['{"type":"ADDED","object":{"metadata":{}}}', '{]', '{"type":"ADDED"}']) {
    const { nonsense, relists } = informer.figures()
    api.sayToWatches(`${line}\n`)
    await until(() => informer.figures().nonsense === nonsense + 1, line)
    time.advance(20_000)
    await until(() => informer.figures().relists === relists + 1 && api.watches === 1, line)
  }
  put('p1', 2)
  await until(() => told.length === 2)
  t.deepEqual(told, ['a/p1=1', 'a/p1=2'])
})

test('a silent watch is given up, a bookmark keeps it', async t => {
  const kit = await setUp(t, { stallMs: 60_000 })
  const { api, time, informer, told, put } = kit
  await synced(kit)
  time.advance(59_000)
  api.bookmark()
  await until(() => informer.figures().lastEventAgeMs === 0)
  time.advance(59_000)
  t.is(informer.figures().stalls, 0)
  time.advance(1000)
  await until(() => informer.figures().stalls === 1 && informer.figures().watches === 2)
  await until(() => api.watches === 1, 'the old one closed, the new one open')
  put('p1', 1)
  await until(() => told.length === 1)
  t.is(informer.figures().relists, 1)
})

test('all is listed again far apart, and a list that fails takes nothing away', async t => {
  const kit = await setUp(t, { relistMs: 100_000 })
  const { api, time, informer, told, put } = kit
  for (let n = 0; n < 700; n++) put(`p${n}`, n)
  await synced(kit)
  told.length = 0
  api.fault = ({ query }) => (query.continue === undefined ? null : { status: 500, body: 'oh' })
  time.advance(100_000)
  await until(() => informer.figures().failures === 1)
  t.deepEqual([told.length, informer.all().length], [0, 700])
  api.fault = () => null
  time.advance(20_000)
  await until(() => informer.figures().relists === 2 && api.watches === 1)
  t.is(told.length, 0)
})

test('a version that the server never had (a restored etcd) is listed anew', async t => {
  const kit = await setUp(t)
  const { api, time, informer, put } = kit
  put('p1', 1)
  await synced(kit)
  const body =
    '{"kind":"Status","code":504,"reason":"Timeout","message":"Too large resource version"}'
  const old = informer.figures().relists
  api.fault = ({ query }) =>
    query.watch === 'true' && informer.figures().relists === old ? { status: 504, body } : null
  api.endWatches('reset')
  for (let failures = 1; failures <= 3; failures++) {
    await until(() => informer.figures().failures === failures)
    time.advance(10_000)
  }
  await until(() => informer.figures().relists === old + 1 && api.watches === 1)
  t.is(informer.figures().failures, 3)
})

test("what the owner's code throws ends nothing", async t => {
  const kit = await setUp(t, {
    changed: name => {
      throw new Error(name)
    },
  })
  const { put, said, informer } = kit
  put('p1', 1)
  await synced(kit)
  put('p2', 2)
  await until(() => informer.all().length === 2)
  t.deepEqual(said, [
    ['error', '/api/v1/pods: changed threw a/p1'],
    ['error', '/api/v1/pods: changed threw a/p2'],
  ])
})

test('a gateway that wants to be left alone for an hour is asked again within a minute', async t => {
  const { api, time, informer } = await setUp(t)
  api.fault = () => ({ status: 503, headers: { 'retry-after': '3600' } })
  informer.start()
  await until(() => informer.figures().failures === 1)
  t.is(time.delays.at(-1), 60_000)
})
