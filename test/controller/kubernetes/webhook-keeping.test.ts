import { X509Certificate } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import {
  AUTHORITY_LASTS,
  AUTHORITY_RENEWED_BEFORE,
  namesOf,
  OVERLAP,
  type Certificates,
} from '../../../controller/kubernetes/webhook/certificates.ts'
import { CertificateKeeper } from '../../../controller/kubernetes/webhook/keeper.ts'
import { Registration } from '../../../controller/kubernetes/webhook/registration.ts'
import type { Saying } from '../../../controller/kubernetes/webhook/tell.ts'
import { certificatesIn } from '../../../controller/kubernetes/webhook/x509.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'
import { HandTime, until } from '../../support/hand-time.ts'

const START = Date.UTC(2026, 0, 1)
const DAY = 86_400_000
const SECRET = '/api/v1/namespaces/outrigger-system/secrets/outrigger-webhook-tls'
const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/outrigger'
const VALIDATING = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/outrigger'

/** Replicas of one installation, and the API server between them. */
async function installation(t: ExecutionContext) {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  const clock = { now: START }
  const replica = () => {
    const used: Certificates[] = []
    let registration: Registration | null = null
    const keeper = new CertificateKeeper({
      kube: api.kube(),
      namespace: 'outrigger-system',
      secret: 'outrigger-webhook-tls',
      names: namesOf('outrigger-webhook', 'outrigger-system'),
      now: () => clock.now,
      published: () => registration?.published() ?? null,
      use: certificates => void used.push(certificates),
      log: () => undefined,
    })
    const said: Saying[] = []
    const time = new HandTime()
    registration = new Registration({
      kube: api.kube(),
      name: 'outrigger',
      service: 'outrigger-webhook',
      namespace: 'outrigger-system',
      bundle: () => keeper.certificates?.bundle ?? null,
      fresh: async () => ((await keeper.look()) ? (keeper.certificates?.bundle ?? null) : null),
      events: { say: saying => void said.push(saying) },
      log: () => undefined,
      time,
    })
    t.teardown(() => registration.stop())
    return { keeper, used, registration, said, time }
  }
  return { api, clock, replica }
}

const service = { name: 'outrigger-webhook', namespace: 'outrigger-system', path: '/inject' }
const configuration = () => ({
  metadata: { name: 'outrigger' },
  webhooks: [
    { name: 'inject.outrigger.dev', failurePolicy: 'Fail', clientConfig: { service } },
    { name: 'of.another', clientConfig: { service: { ...service, name: 'another' } } },
    { name: 'by.url', clientConfig: { url: 'https://elsewhere' } },
  ],
})

function bundles(api: FakeApiServer, path = CONFIGURATION): string[] {
  const kept = api.store.get(path) as unknown as {
    webhooks: { clientConfig: { caBundle?: string } }[]
  }
  return kept.webhooks.map(({ clientConfig }) =>
    Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
  )
}

test('replicas that start together agree on one Secret', async t => {
  const { api, replica } = await installation(t)
  const all = [replica(), replica(), replica(), replica()]
  t.false((await Promise.all(all.map(({ keeper }) => keeper.look()))).includes(false))
  const served = all.map(({ keeper }) => keeper.certificates?.serving.cert)
  t.is(new Set(served).size, 1)
  t.true(all.every(({ used }) => used.length === 1))
  const { type, data } = api.store.get(SECRET) as unknown as {
    type: string
    data: Record<string, string>
  }
  t.is(type, 'kubernetes.io/tls')
  t.is(Buffer.from(data['tls.crt'] ?? '', 'base64').toString(), served[0] ?? '')
  // Nothing to do, nothing written.
  const { version } = api.store
  for (const { keeper, used } of all) {
    t.true(await keeper.look())
    t.is(used.length, 1)
  }
  t.is(api.store.version, version)
})

test('one renews, the others take what it wrote; all at once make one renewal', async t => {
  const { clock, replica } = await installation(t)
  const [one, other] = [replica(), replica()]
  await one.keeper.look()
  await other.keeper.look()
  clock.now += 61 * DAY
  await Promise.all([one.keeper.look(), other.keeper.look()])
  t.is(one.used.length, 2)
  t.is(other.used.length, 2)
  t.is(one.used[1]?.serving.cert, other.used[1]?.serving.cert)
  t.is(one.used[1]?.bundle, one.used[0]?.bundle)
})

test('a Secret that is removed or spoilt comes back as it was: what API servers trust stays trusted', async t => {
  const { api, replica } = await installation(t)
  const { keeper, used } = replica()
  await keeper.look()
  const before = api.store.get(SECRET) as unknown as { data: Record<string, string> }
  api.store.remove(SECRET)
  t.true(await keeper.look())
  for (const name of ['tls.key', 'authority.crt', 'ca.crt', 'authority.key']) {
    for (const value of ['', 'c3BvaWx0', '%%']) {
      const spoilt = { ...before, data: { ...before.data, [name]: value }, other: 'kept' }
      api.store.put(SECRET, spoilt)
      t.true(await keeper.look())
      const kept = api.store.get(SECRET) as unknown as { data: Record<string, string> }
      t.is(kept.data['ca.crt'], before.data['ca.crt'], `${name} = ${value}`)
    }
  }
  t.is(new Set(used.map(({ bundle }) => bundle)).size, 1)
})

test('an API server that fails is outlived: what is held stays in use', async t => {
  const { api, replica } = await installation(t)
  const { keeper, used } = replica()
  api.fault = () => ({ status: 500, body: 'no' })
  t.false(await keeper.look())
  t.is(keeper.failed, 1)
  api.fault = () => null
  t.true(await keeper.look())
  api.fault = () => ({ status: 403, body: 'no' })
  t.false(await keeper.look())
  t.is(used.length, 1)
  t.not(keeper.certificates, null)
})

test('the caBundle is filled at first, and set again whenever something clears or alters it', async t => {
  const { api, replica } = await installation(t)
  const { keeper, registration, said } = replica()
  await keeper.look()
  const bundle = keeper.certificates?.bundle ?? ''
  registration.start()
  t.is(registration.published(), null)
  api.store.put(CONFIGURATION, configuration())
  await until(() => registration.published() === bundle, 'the caBundle filled')
  t.deepEqual(bundles(api), [bundle, '', ''], 'of our own webhook only')
  t.is(said.length, 0)
  const { webhooks } = api.store.get(CONFIGURATION) as unknown as ReturnType<typeof configuration>
  t.is(webhooks[0]?.failurePolicy, 'Fail')

  const altered = [configuration(), configuration(), configuration()]
  const [, second, third] = altered
  Object.assign(second?.webhooks[0]?.clientConfig ?? {}, { caBundle: 'c3BvaWx0' })
  third?.webhooks.reverse()
  for (const [i, each] of altered.entries()) {
    api.store.put(CONFIGURATION, each)
    await until(() => registration.figures.repaired === i + 1, 'a repair')
    await until(() => registration.published() === bundle, 'the caBundle seen')
  }
  t.is(bundles(api)[2], bundle)
  t.deepEqual(registration.figures, { filled: 1, renewed: 0, repaired: 3, failed: 0 })
  t.is(said.length, 3)
  t.is(said[0]?.reason, 'CaBundleRepaired')
  t.is(said[0]?.regarding.kind, 'MutatingWebhookConfiguration')
  t.truthy(said[0]?.regarding.uid)
})

test('both kinds of configuration are kept; one that appears later is filled, too', async t => {
  const { api, replica } = await installation(t)
  const { keeper, registration } = replica()
  api.store.put(CONFIGURATION, configuration())
  registration.start()
  await keeper.look()
  const bundle = keeper.certificates?.bundle ?? ''
  await registration.look()
  await until(() => registration.published() === bundle)
  api.store.put(VALIDATING, configuration())
  await until(() => bundles(api, VALIDATING)[0] === bundle)
  t.deepEqual(bundles(api, VALIDATING), [bundle, '', ''])
})

test('what could not be set is tried again within seconds', async t => {
  const { api, replica } = await installation(t)
  const { keeper, registration, time } = replica()
  await keeper.look()
  api.store.put(CONFIGURATION, configuration())
  api.fault = ({ method }) => (method === 'PATCH' ? { status: 500, body: 'no' } : null)
  registration.start()
  await until(() => registration.figures.failed === 1)
  t.is(bundles(api)[0], '')
  api.fault = () => null
  time.advance(10_000)
  await until(() => bundles(api)[0] !== '')
  t.pass()
})

test('a replica that has not heard of a new authority does not take it out of the caBundle', async t => {
  const { api, clock, replica } = await installation(t)
  const [one, other] = [replica(), replica()]
  for (const { keeper, registration } of [one, other]) {
    await keeper.look()
    registration.start()
  }
  api.store.put(CONFIGURATION, configuration())
  const first = one.keeper.certificates?.bundle ?? ''
  await until(() => [one, other].every(each => each.registration.published() === first))

  clock.now = START + AUTHORITY_LASTS - AUTHORITY_RENEWED_BEFORE
  await one.keeper.look()
  const both = one.keeper.certificates?.bundle ?? ''
  t.is(certificatesIn(both).length, 2)
  t.is(other.keeper.certificates?.bundle, first)
  await one.registration.look()
  await until(() => [one, other].every(each => each.registration.published() === both))
  t.deepEqual(bundles(api)[0], both)
  await until(() => other.keeper.certificates?.bundle === both, 'the Secret read before writing')
  t.is(one.registration.figures.renewed + other.registration.figures.renewed, 1)
  t.is(one.registration.figures.repaired + other.registration.figures.repaired, 0)

  // A day later the new authority signs what is served, and both serve it.
  clock.now += OVERLAP
  await Promise.all([one.keeper.look(), other.keeper.look()])
  const [serving, next] = [one.keeper, other.keeper].map(
    ({ certificates }) => new X509Certificate(certificates?.serving.cert ?? ''),
  )
  t.is(serving?.fingerprint256, next?.fingerprint256)
  const heir = certificatesIn(both)[1]?.certificate
  t.true(heir !== undefined && serving?.checkIssued(heir))
})

test('something that clears the caBundle at once, again and again, is not answered as fast', async t => {
  const { api, replica } = await installation(t)
  const { keeper, registration, time, said } = replica()
  await keeper.look()
  const clear = (): void => void api.store.put(CONFIGURATION, configuration())
  const isSet = (): boolean => bundles(api)[0] !== ''
  clear()
  registration.start()
  for (let writes = 1; writes <= 30; writes++) {
    await until(isSet, `write ${writes}`)
    clear()
  }
  await until(() => said.length === 29, 'all but the first are repairs')
  for (let looks = 0; looks < 5; looks++) await registration.look()
  t.false(isSet())
  t.is(registration.figures.repaired, 29)
  time.advance(60_000)
  await until(isSet, 'later it is set again')
})
