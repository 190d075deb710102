import test from 'ava'
import { rootKeyPair, sharedToken } from '../../../../controller/kubernetes/api/own.ts'
import { signer, refusal } from '../../../../core/runtime/signing.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'

const secrets = '/api/v1/namespaces/system/secrets'
const map = '/api/v1/namespaces/system/configmaps/outrigger-root-key'

test('keys and token are made once, whoever comes first, and read by all', async t => {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  const kube = api.kube()
  // Both find none, and both try to make one.
  const many = [1, 2, 3, 4]
  const pairs = await Promise.all(many.map(() => rootKeyPair(kube, 'system')))
  const tokens = await Promise.all(many.map(() => sharedToken(kube, 'system')))
  for (const pair of pairs) t.deepEqual(pair, pairs[0])
  t.is(new Set(tokens).size, 1)
  t.regex(tokens[0] ?? '', /^[\w-]{43}$/)
  t.deepEqual(await rootKeyPair(kube, 'system'), pairs[0])
  const pair = pairs[0] ?? { publicKey: '', privateKey: '' }
  const pass = signer(pair, 10).pass({ edge: 'e', endpoint: 'a/m', until: 10 })
  t.is(refusal(pass, pair.publicKey, 5), null)
  t.like(api.store.get(map), { data: { publicKey: pair.publicKey } })
  t.like(api.store.get(`${secrets}/outrigger-root`), { type: 'Opaque' })
})

test('the public half follows the Secret; a Secret without its keys is said, not replaced', async t => {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  const kube = api.kube()
  api.store.put(map, { metadata: {}, data: { publicKey: 'of another' } })
  const { publicKey } = await rootKeyPair(kube, 'system')
  t.like(api.store.get(map), { data: { publicKey } })
  api.store.put(`${secrets}/outrigger-root`, { metadata: {}, data: { publicKey: 'eA==' } })
  await t.throwsAsync(rootKeyPair(kube, 'system'), {
    message: /^Secret system\/outrigger-root: expected publicKey and privateKey, got an empty/,
  })
  api.store.put(`${secrets}/outrigger-token`, { metadata: {}, data: { token: '' } })
  await t.throwsAsync(sharedToken(kube, 'system'), { message: /outrigger-token: expected token/ })
  api.fault = () => ({ status: 403, body: '{"kind":"Status","code":403,"message":"forbidden"}' })
  await t.throwsAsync(sharedToken(kube, 'system'), { message: 'forbidden' })
})

test('a Secret that the chart made empty is filled once, and stays otherwise as it is', async t => {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  const metadata = { labels: { 'app.kubernetes.io/managed-by': 'Helm' } }
  api.store.put(`${secrets}/outrigger-token`, { metadata, type: 'Opaque' })
  const many = [1, 2, 3, 4]
  const tokens = await Promise.all(many.map(() => sharedToken(api.kube(), 'system')))
  t.is(new Set(tokens).size, 1)
  t.like(api.store.get(`${secrets}/outrigger-token`), { metadata, type: 'Opaque' })
})
