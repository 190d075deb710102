import test, { type ExecutionContext } from 'ava'
import { ApiError, type Kube, type Listed } from '../../../../controller/kubernetes/api/client.ts'
import { FakeApiServer, type Fault } from '../../../support/fake-api-server.ts'
import type { Kept } from '../../../support/fake-api-store.ts'

const pods = '/api/v1/namespaces/a/pods'

async function setUp(
  t: ExecutionContext,
  options = {},
): Promise<{ api: FakeApiServer; kube: Kube }> {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  return { api, kube: api.kube(options) }
}

/** The fault for the first `times` requests. */
function faulty(api: FakeApiServer, fault: Fault, times = 1): void {
  let left = times
  api.fault = () => (left-- > 0 ? fault : null)
}

async function refused(t: ExecutionContext, promise: Promise<unknown>): Promise<ApiError> {
  const error = await t.throwsAsync(promise, { instanceOf: ApiError })
  return error
}

test('makes, reads, replaces, patches and deletes', async t => {
  const { api, kube } = await setUp(t)
  const made = await kube.create<Kept>(pods, { metadata: { name: 'x' }, spec: { a: 1 } })
  t.is(made.metadata.namespace, 'a')
  t.deepEqual(await kube.get(`${pods}/x`), made)
  const replaced = await kube.replace<Kept>(`${pods}/x`, { ...made, spec: { a: 2 } })
  t.deepEqual(replaced.spec, { a: 2 })
  const stale = await refused(t, kube.replace(`${pods}/x`, { ...made, spec: { a: 3 } }))
  t.deepEqual([stale.status, stale.reason], [409, 'Conflict'])
  const merged = await kube.patch<Kept>(`${pods}/x`, { spec: { a: null, b: 1 } }, 'merge')
  t.deepEqual(merged.spec, { b: 1 })
  const op = [{ op: 'replace', path: '/spec/b', value: 2 }]
  t.deepEqual((await kube.patch<Kept>(`${pods}/x`, op, 'json')).spec, { b: 2 })
  const query = { fieldManager: 'outrigger', force: true }
  const own = await kube.patch<Kept>(`${pods}/x`, { spec: { c: 1 } }, 'apply', query)
  t.deepEqual(own.spec, { b: 2, c: 1 })
  t.deepEqual(api.requests.at(-1)?.query, { fieldManager: 'outrigger', force: 'true' })
  await kube.delete(`${pods}/x`, { preconditions: { uid: made.metadata.uid } })
  const gone = await refused(t, kube.get(`${pods}/x`))
  t.deepEqual([gone.status, gone.reason], [404, 'NotFound'])
  t.deepEqual(
    api.requests.filter(({ method }) => method === 'PATCH').map(({ type }) => type),
    ['application/merge-patch+json', 'application/json-patch+json', 'application/apply-patch+yaml'],
  )
})

test('lists all pages, and starts over when a token has expired', async t => {
  const { api, kube } = await setUp(t)
  for (let i = 0; i < 1203; i++) api.store.put(`${pods}/p${i}`, { metadata: { name: `p${i}` } })
  const all = await kube.list<Kept>(pods)
  t.is(all.items.length, 1203)
  t.is(all.metadata.resourceVersion, String(api.store.version))
  t.deepEqual(
    api.requests.map(({ query }) => query.limit),
    ['500', '500', '500'],
  )
  api.fault = ({ query }) => {
    if (query.continue?.endsWith(':1000') === true) api.store.compact()
    return null
  }
  const error = await refused(t, kube.list(pods))
  t.is(error.status, 410, 'it starts over once, not for ever')
  let compacted = false
  api.fault = ({ query }) => {
    if (query.continue?.endsWith(':1000') === true && !compacted) {
      compacted = true
      api.store.compact()
    }
    return null
  }
  t.is((await kube.list<Kept>(pods)).items.length, 1203, 'none twice')
})

test('one page when the caller says how many', async t => {
  const { api, kube } = await setUp(t)
  api.store.put(`${pods}/x`, { metadata: { name: 'x' } })
  const page = await kube.get<Listed<Kept>>(pods, { limit: 1, labelSelector: undefined })
  t.is(page.items.length, 1)
  t.deepEqual(api.requests[0]?.query, { limit: '1' })
})

test('a call that gets no answer ends, and says of which call', async t => {
  const { api, kube } = await setUp(t, { timeoutMs: 50 })
  faulty(api, 'hang')
  const error = await t.throwsAsync(kube.get(`${pods}/x`))
  t.is(error.message, `GET ${pods}/x: no answer within 50 ms`)
  faulty(api, 'reset', 9)
  await t.throwsAsync(api.kube().create(pods, {}), { message: /^POST .*(hang up|ECONNRESET)/ })
})

test('a kept connection that has gone stale is no error of a read', async t => {
  const { api, kube } = await setUp(t)
  api.store.put(`${pods}/x`, { metadata: { name: 'x' } })
  await kube.get(`${pods}/x`)
  await new Promise(resolve => setImmediate(resolve))
  faulty(api, 'reset')
  t.is((await kube.get<Kept>(`${pods}/x`)).metadata.name, 'x')
  faulty(api, 'reset')
  await t.throwsAsync(kube.patch(`${pods}/x`, {}, 'merge'), undefined, 'a write may have happened')
})

test('what is no Status is told as it came, and an answer is bounded', async t => {
  const { api, kube } = await setUp(t, { maxBytes: 1000 })
  const headers = { 'retry-after': '7' }
  faulty(api, { status: 503, body: '<html>gateway</html>', headers })
  const error = await refused(t, kube.get(`${pods}/x`))
  t.deepEqual([error.status, error.reason, error.retryAfterMs], [503, '', 7000])
  t.regex(error.message, /answered 503: <html>gateway/)
  faulty(api, { status: 200, body: 'what?' })
  await t.throwsAsync(kube.get(`${pods}/x`), { message: /expected JSON, got what\?/ })
  faulty(api, { status: 200, body: 'x'.repeat(1001) })
  await t.throwsAsync(kube.text('/metrics'), { message: /more than 1000 bytes/ })
  faulty(api, { status: 200, body: 'a 1\n' })
  t.is(await kube.text('/metrics'), 'a 1\n')
})
