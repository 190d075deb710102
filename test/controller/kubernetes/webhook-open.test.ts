import test from 'ava'
import { openWebhook } from '../../../controller/kubernetes/webhook/open.ts'
import type { ScaleChange } from '../../../controller/kubernetes/webhook/scaled.ts'
import type { Saying } from '../../../controller/kubernetes/webhook/tell.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'
import { HandTime, until } from '../../support/hand-time.ts'
import { ask, reviewOf } from './support/webhook-client.ts'

const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/outrigger'
const SECRET = '/api/v1/namespaces/outrigger-system/secrets/outrigger-webhook-tls'

test('all of it: waits for the API server, fills the caBundle, injects, renews, tells', async t => {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  const service = { name: 'outrigger-webhook', namespace: 'outrigger-system' }
  api.store.put(CONFIGURATION, { webhooks: [{ name: 'i', clientConfig: { service } }] })
  api.fault = () => ({ status: 503, body: 'not yet' })
  const said: Saying[] = []
  const changes: ScaleChange[] = []
  const time = new HandTime()
  // Certificates are checked by the real clock, and renewed by ours: 61 days pass until now.
  let utc = Date.now() - 61 * 86_400_000
  let bug = false
  const opening = openWebhook({
    kube: api.kube(),
    host: '127.0.0.1',
    port: 0,
    namespace: 'outrigger-system',
    decide: () => {
      if (bug) throw new Error('a bug')
      return {
        verdict: 'injected',
        reasons: [],
        warnings: [],
        patch: [{ op: 'add', path: '/a', value: 1 }],
      }
    },
    scaled: change => void changes.push(change),
    unready: () => null,
    events: { say: saying => void said.push(saying) },
    log: () => undefined,
    time,
    utc: () => utc,
  })
  await until(() => time.next < Infinity, 'a second try planned')
  api.fault = () => null
  time.advance(1000)
  const webhook = await opening
  t.teardown(async () => {
    const closed = webhook.close()
    time.advance(3000)
    await closed
  })
  const bundle = () => {
    const kept = api.store.get(CONFIGURATION) as unknown as {
      webhooks: { clientConfig: { caBundle?: string } }[]
    }
    return Buffer.from(kept.webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString()
  }
  await until(() => bundle() !== '', 'the caBundle')
  const post = (path: string, over: Record<string, unknown> = {}) =>
    ask({ port: webhook.port, ca: bundle(), path, body: JSON.stringify(reviewOf(over)) })

  const { json } = await post('/inject')
  t.is(json.response.patchType, 'JSONPatch')
  await post('/scaled', {
    operation: 'UPDATE',
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    name: 'model',
    object: { spec: { replicas: 3 } },
    oldObject: { spec: { replicas: 2 } },
  })
  t.is(changes[0]?.to, 3)
  bug = true
  t.true((await post('/inject')).json.response.allowed)
  await until(() => said.length === 2)
  t.deepEqual(said.map(({ reason }) => reason).sort(), ['OutriggerFailed', 'OutriggerInjected'])

  const before = JSON.stringify(api.store.get(SECRET))
  utc += 61 * 86_400_000
  time.advance(600_000)
  await until(() => JSON.stringify(api.store.get(SECRET)) !== before, 'renewed certificates')
  const { injected, failed, scaled, certificatesFailed, caBundle } = webhook.numbers()
  t.deepEqual([injected, failed, scaled, certificatesFailed], [1, 1, 1, 1])
  t.is(caBundle.filled, 1)

  const closing = webhook.close()
  const last = await post('/inject')
  t.is(last.status, 200, 'its Service may lead here for a while')
  t.is(last.headers.connection, 'close')
  time.advance(3000)
  await closing
  await t.throwsAsync(post('/inject'), { code: 'ECONNREFUSED' })
})
