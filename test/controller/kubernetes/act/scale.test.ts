import test, { type ExecutionContext } from 'ava'
import { fence } from '../../../../controller/kubernetes/act/fence.ts'
import { scale, type Scaling } from '../../../../controller/kubernetes/act/scale.ts'
import type { Pod } from '../../../../controller/kubernetes/watch/objects.ts'
import type { ScaleRequest } from '../../../../core/model/tables.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'
import { deployment, pod } from '../support/objects.ts'

const X = 'shop/model'
const PATH = '/apis/apps/v1/namespaces/shop/deployments/model'
const COST = 'controller.kubernetes.io/pod-deletion-cost'
const quiet = (): void => undefined

const want = (replicas: number, changed: Partial<ScaleRequest> = {}): ScaleRequest => ({
  v: 1,
  replicas,
  victims: [],
  version: 7,
  epoch: 3,
  decision: 'd',
  ...changed,
})

interface Stage {
  fake: FakeApiServer
  looked: Scaling
  holds: boolean
  told: [number, number][]
  /** Called before each question to the API server. */
  meanwhile: ((method: string, path: string) => void) | null
  scale(asked: ScaleRequest): ReturnType<typeof scale>
  kept(): { spec: { replicas: number }; metadata: { annotations: Record<string, string> } }
  writes(): string[]
}

async function stage(
  t: ExecutionContext,
  replicas = 2,
  annotations: Record<string, string> = {},
): Promise<Stage> {
  const fake = await FakeApiServer.start()
  t.teardown(() => fake.stop())
  fake.store.put(PATH, deployment(X, { replicas, annotations }) as never)
  const out: Stage = {
    fake,
    looked: { desired: { replicas, setAt: 5, version: 7 }, rival: null, pods: [] },
    holds: true,
    told: [],
    meanwhile: null,
    scale: asked =>
      scale(X, asked, {
        kube: fake.kube(),
        look: () => out.looked,
        held: () => out.holds,
        scaled: (_, from, to) => void out.told.push([from, to]),
        log: quiet,
      }),
    kept: () => fake.store.get(PATH) as never,
    writes: () =>
      fake.requests
        .filter(({ method }) => method !== 'GET')
        .map(({ method, path }) => `${method} ${path.slice(path.indexOf('/shop/') + 6)}`),
  }
  fake.fault = ({ method, path }) => {
    out.meanwhile?.(method, path)
    return null
  }
  return out
}

test('up: our epoch is stamped, then the scale is applied under the version that was read', async t => {
  const on = await stage(t)
  t.deepEqual(await on.scale(want(3)), {
    done: true,
    again: false,
    words: `2 to 3 in version ${on.fake.store.version}`,
  })
  t.is(on.kept().spec.replicas, 3)
  t.is(on.kept().metadata.annotations['outrigger.dev/epoch'], '3')
  t.deepEqual(on.writes(), ['PATCH deployments/model', 'PATCH deployments/model/scale'])
  const { query, body, type } = on.fake.requests.at(-1) ?? {}
  t.like(query, { fieldManager: 'outrigger', force: 'true' })
  t.is(type, 'application/apply-patch+yaml')
  t.like(body, { kind: 'Scale', spec: { replicas: 3 } })
  t.is(typeof (body as Pod | undefined)?.metadata.resourceVersion, 'string')
  t.like(await on.scale(want(3, { version: 7 })), { done: true, words: '3 already' })
  t.deepEqual(on.told, [[2, 3]])
})

const refusals: [string, Partial<Scaling>, Partial<ScaleRequest>, RegExp][] = [
  ['no endpoint', { desired: null }, {}, /no endpoint/],
  [
    'an HPA',
    { rival: { kind: 'HorizontalPodAutoscaler', name: 'shop/h' } },
    {},
    /HorizontalPodAutoscaler shop\/h scales .* kubectl delete hpa -n shop h/,
  ],
  ['a decision from before the count changed', {}, { version: 4 }, /saw version 4; .* set at 5/],
  ['a decision from a table that never was', {}, { version: 8 }, /saw version 8/],
]
for (const [what, looked, asked, words] of refusals) {
  test(`refused for good: ${what}`, async t => {
    const on = await stage(t)
    on.looked = { ...on.looked, ...looked }
    const tried = await on.scale(want(3, asked))
    t.like(tried, { done: false, again: false })
    t.regex(tried.words, words)
    t.deepEqual(on.fake.requests, [])
  })
}

test('refused for good: a newer leader, a count that was just set, a Deployment that went', async t => {
  const on = await stage(t, 2, { 'outrigger.dev/epoch': '4' })
  t.like(await on.scale(want(3)), { done: false, again: false })
  t.regex((await on.scale(want(3))).words, /epoch 4 decides now, and this one is of 3/)
  on.fake.store.put(PATH, deployment(X, { replicas: 9 }) as never)
  t.regex((await on.scale(want(3))).words, /set to 9 a moment ago/)
  on.fake.store.put(PATH, {
    ...deployment(X),
    spec: { template: { metadata: {} } },
  })
  t.regex((await on.scale(want(3))).words, /annotated no more/)
  on.fake.store.remove(PATH)
  t.regex((await on.scale(want(3))).words, /no Deployment shop\/model any more/)
  t.deepEqual(on.writes(), [])
})

test('a count that was set while we read is seen, also when the table hears of it first', async t => {
  const on = await stage(t)

  on.meanwhile = method => {
    if (method !== 'GET') return
    on.fake.store.put(PATH, deployment(X, { replicas: 1 }) as never)
    on.looked = { ...on.looked, desired: { replicas: 1, setAt: 8, version: 8 } }
  }
  t.regex((await on.scale(want(3))).words, /saw version 7; replicas were set at 8/)
  t.is(on.kept().spec.replicas, 1)
})

test('a leader that froze between its read and its write changes nothing: the fence moved the version on', async t => {
  const on = await stage(t, 2, { 'outrigger.dev/epoch': '3' })
  const other = on.fake.kube()
  let fenced = false
  const fault = async (): Promise<void> => {
    if (fenced) return
    fenced = true
    const done = await fence([X], 4, { kube: other, held: () => true, log: quiet })
    t.deepEqual(done, { stamped: [X], failed: [] })
  }
  // The victims' marks come between the read and the write.
  const path = '/api/v1/namespaces/shop/pods/model-aaa-a'
  on.fake.store.put(path, pod(X, 'a') as never)
  on.looked.pods = [on.fake.store.get(path) as never]
  const slow = on.fake.kube()
  const kube = {
    ...slow,
    patch: async (...args: Parameters<typeof slow.patch>) => {
      await fault()
      return slow.patch(...args)
    },
  }
  const tried = await scale(X, want(1, { victims: ['model-aaa-a'] }), {
    kube: kube as never,
    look: () => on.looked,
    held: () => true,
    scaled: quiet,
    log: quiet,
  })
  t.like(tried, { done: false, again: false })
  t.regex(tried.words, /epoch 4 decides now/)
  t.is(on.kept().spec.replicas, 2)
  // Its mark was written, and is taken back by whatever the next leader scales, before it could count.
  on.looked.pods = [on.fake.store.get(path) as never]
  t.is(on.looked.pods[0]?.metadata.annotations?.[COST], '-100')
  t.true((await on.scale(want(3, { epoch: 4 }))).done)
  t.is((on.fake.store.get(path) as unknown as Pod).metadata.annotations?.[COST], undefined)
})

test('a write that raced with another is done anew', async t => {
  const on = await stage(t, 2, { 'outrigger.dev/epoch': '3' })
  let races = 2
  on.meanwhile = (method, path) => {
    if (method === 'PATCH' && path.endsWith('/scale') && races-- > 0)
      on.fake.store.put(PATH, {
        ...deployment(X, { replicas: 2, annotations: { 'outrigger.dev/epoch': '3' } }),
        status: { replicas: races },
      })
  }
  t.true((await on.scale(want(3))).done)
  t.is(on.kept().spec.replicas, 3)
  races = 99
  on.looked = { ...on.looked, desired: { replicas: 3, setAt: 5, version: 7 } }
  const kept = deployment(X, { replicas: 3, annotations: { 'outrigger.dev/epoch': '3' } })
  on.meanwhile = (method, path) => {
    if (method === 'PATCH' && path.endsWith('/scale'))
      on.fake.store.put(PATH, { ...kept, status: { replicas: races++ } })
  }
  t.like(await on.scale(want(4)), { done: false, again: true })
})

test('without the lease nothing is written, also when it goes halfway', async t => {
  const on = await stage(t)
  on.holds = false
  t.regex((await on.scale(want(3))).words, /holds the lease no more/)
  t.deepEqual(on.writes(), [])
  on.holds = true
  on.meanwhile = method => {
    if (method === 'PATCH') on.holds = false
  }
  t.like(await on.scale(want(3)), { done: false, again: false })
  t.is(on.kept().spec.replicas, 2)
})

test('what the API server refuses is said, what it fails at is tried again', async t => {
  const on = await stage(t)
  const status = (code: number, message: string) => ({
    status: code,
    body: JSON.stringify({ kind: 'Status', code, message, reason: '' }),
  })
  on.fake.fault = ({ path }) => (path.endsWith('/scale') ? status(403, 'exceeded quota') : null)
  t.like(await on.scale(want(3)), { again: false, words: 'not allowed: exceeded quota' })
  on.fake.fault = () => status(422, 'replicas: Invalid value')
  t.like(await on.scale(want(3)), { again: false, words: '422 replicas: Invalid value' })
  for (const code of [401, 429, 500, 503]) {
    on.fake.fault = () => status(code, 'later')
    await t.throwsAsync(on.scale(want(3)))
  }
  // The answer was lost on its way: the next try finds the work done.
  on.fake.fault = ({ path }) => (path.endsWith('/scale') ? 'lost' : null)
  await t.throwsAsync(on.scale(want(3)))
  on.fake.fault = () => null
  t.like(await on.scale(want(3)), { done: true, words: '3 already' })
})

test('down: victims cost least; who was a victim before gets back what it had', async t => {
  const on = await stage(t, 4, { 'outrigger.dev/epoch': '3' })
  const given = {
    a: {},
    b: { [COST]: '7' },
    c: { [COST]: '-100', 'outrigger.dev/victim': '9' },
    d: { [COST]: '-100', 'outrigger.dev/victim': '' },
    e: { [COST]: '55', 'outrigger.dev/victim': '1' },
  }
  on.looked.pods = Object.entries(given).map(([name, annotations]) => {
    const made = pod(X, name, { annotations })
    const path = `/api/v1/namespaces/shop/pods/${made.metadata.name}`
    return on.fake.store.put(path, made as never) as unknown as Pod
  })
  t.true((await on.scale(want(2, { victims: ['model-aaa-a', 'model-aaa-b', 'gone'] }))).done)
  const costs = Object.keys(given).map(name => {
    const { annotations = {} } =
      on.fake.store.get(`/api/v1/namespaces/shop/pods/model-aaa-${name}`)?.metadata ?? {}
    return [annotations[COST], annotations['outrigger.dev/victim']]
  })
  t.deepEqual(costs, [
    ['-100', ''],
    ['-100', '7'],
    ['9', undefined],
    [undefined, undefined],
    ['55', undefined],
  ])
  t.is(on.writes().at(-1), 'PATCH deployments/model/scale')
})

test('down goes on whatever a PodDisruptionBudget allows, and while the rollout is paused: nothing is evicted', async t => {
  const annotations = { 'outrigger.dev/epoch': '3' }
  const on = await stage(t, 4, annotations)
  on.fake.store.put(PATH, deployment(X, { replicas: 4, annotations, paused: true }) as never)
  const status = { disruptionsAllowed: 0, currentHealthy: 4, desiredHealthy: 4, expectedPods: 4 }
  const budget = { metadata: { name: 'b' }, spec: { selector: {}, minAvailable: '100%' }, status }
  on.fake.store.put('/apis/policy/v1/namespaces/shop/poddisruptionbudgets/b', budget)
  t.like(await on.scale(want(1)), { done: true, again: false })
  t.like(on.kept().spec, { replicas: 1, paused: true })
  t.deepEqual(on.writes(), ['PATCH deployments/model/scale'])
})

test('the fence stamps each Deployment once, replaces what no living controller wrote, and says what failed', async t => {
  const fake = await FakeApiServer.start()
  t.teardown(() => fake.stop())
  const put = (name: string, annotations = {}): void =>
    void fake.store.put(
      `/apis/apps/v1/namespaces/shop/deployments/${name}`,
      deployment(`shop/${name}`, { annotations }) as never,
    )
  put('a')
  put('b', { 'outrigger.dev/epoch': '9' })
  put('c', { 'outrigger.dev/epoch': '999999999999999' })
  put('d')
  fake.fault = ({ path }) => (path.endsWith('/d') ? { status: 500 } : null)
  const names = ['shop/a', 'shop/b', 'shop/c', 'shop/d', 'shop/gone']
  const held = (): boolean => true
  const done = await fence(names, 5, { kube: fake.kube(), held, log: quiet })
  t.deepEqual(done.stamped.toSorted(), ['shop/a', 'shop/b', 'shop/c', 'shop/gone'])
  t.deepEqual(done.failed.map(each => each.endpoint).toSorted(), ['shop/d'])
  const epoch = (name: string) =>
    fake.store.get(`/apis/apps/v1/namespaces/shop/deployments/${name}`)?.metadata.annotations?.[
      'outrigger.dev/epoch'
    ]
  t.deepEqual([epoch('a'), epoch('b'), epoch('c')], ['5', '5', '5'])
})
