import test, { type ExecutionContext } from 'ava'
import type { Traffic } from '../../../controller/kubernetes/keep/bypass.ts'
import { Keepers } from '../../../controller/kubernetes/keep/keepers.ts'
import { Surroundings } from '../../../controller/kubernetes/surroundings.ts'
import type { Deployment, Pod } from '../../../controller/kubernetes/watch/objects.ts'
import type { Saying } from '../../../controller/kubernetes/webhook/tell.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'
import { HandTime, until } from '../../support/hand-time.ts'
import { deploymentOf, podOf, serviceOf } from './support/keep-objects.ts'

const MINUTE = 60_000
const SERVICE = '/api/v1/namespaces/default/services/model'
const REPLICA_SET = '/apis/apps/v1/namespaces/default/replicasets/model-1'

/** A cluster with one endpoint; what caches hold of it is put in by hand. */
async function cluster(t: ExecutionContext, deployment: Deployment, pods: Pod[]) {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  const put = (path: string, object: object) =>
    api.store.put(path, object as Record<string, unknown>)
  const { metadata } = put('/apis/apps/v1/namespaces/default/deployments/model', deployment)
  deployment.metadata.uid = metadata.uid
  for (const pod of pods) put(`/api/v1/namespaces/default/pods/${pod.metadata.name}`, pod)
  const said: Saying[] = []
  const time = new HandTime()
  const clock = { utc: 10 * MINUTE }
  let traffic: Traffic | null = null
  const kube = api.kube()
  const log = (): void => undefined
  const at = { kube, log, time, watchNamespaces: [], namespaces: false }
  const surroundings = new Surroundings(at)
  const out = { holds: true }
  const keepers = new Keepers({
    kube,
    services: () => surroundings.services(),
    held: () => out.holds,
    deployments: () => [deployment],
    pods: () => pods.filter(each => each.metadata.labels?.['outrigger.dev/injected'] === 'true'),
    traffic: () => traffic,
    wouldInject: () => ({ verdict: 'injected', reasons: [] }),
    webhook: 'inject.outrigger.dev',
    events: { say: saying => void said.push(saying) },
    log: () => undefined,
    time,
    utc: () => clock.utc,
  })
  surroundings.start()
  t.teardown(() => {
    keepers.stop()
    surroundings.stop()
  })
  const synced = (): Promise<void> => until(() => surroundings.of('default').services !== undefined)
  const seen = (next: Traffic | null): void => void (traffic = next)
  const reasons = (): string[] => said.map(({ reason }) => reason)
  return { api, put, said, reasons, time, clock, keepers, seen, synced, out }
}

const rewrite = { own: { 'outrigger.dev/service': 'rewrite' } }

test('where all is well nothing is asked of the API server', async t => {
  const pods = [podOf('a', true), podOf('b', true)]
  const { api, put, keepers, said, synced } = await cluster(t, deploymentOf({}), pods)
  put(SERVICE, serviceOf('http'))
  keepers.start()
  await synced()
  const before = api.requests.filter(({ query }) => query.watch !== 'true').length
  await keepers.pass()
  t.is(api.requests.filter(({ query }) => query.watch !== 'true').length, before)
  t.deepEqual(said, [])
  t.deepEqual(keepers.numbers(), { findings: {}, rewritten: 0, woken: 0, failed: 0 })
})

test('a minute after the start, and each minute, pods without a sidecar are told of', async t => {
  const pods = [podOf('a', true), podOf('b', false)]
  const { keepers, said, time, synced } = await cluster(t, deploymentOf({}), pods)
  keepers.start()
  await synced()
  time.advance(MINUTE)
  await until(() => said.length === 1)
  t.is(said[0]?.reason, 'SidecarMissing')
  t.is(said[0]?.type, 'Warning')
  t.is(said[0]?.regarding.kind, 'Deployment')
  t.regex(said[0]?.note ?? '', /1 of 2 pods .* \(b\)/)
  await until(() => keepers.numbers().findings.SidecarMissing === 1)
  time.advance(MINUTE)
  await until(() => said.length === 2)
  t.pass()
})

test('one pass at a time, however slow the API server is', async t => {
  const { api, keepers } = await cluster(t, deploymentOf({}), [podOf('a', false)])
  const asked = (): number =>
    api.requests.filter(({ path }) => path.endsWith('/deployments/model')).length
  await keepers.pass()
  const once = asked()
  await Promise.all([keepers.pass(), keepers.pass(), keepers.pass()])
  t.is(asked(), 2 * once)
})

test('a Service is rewritten on request, by its version; and left alone when something puts it back', async t => {
  const pods = [podOf('a', true), podOf('b', true)]
  const { api, put, keepers, said, reasons, clock, synced } = await cluster(
    t,
    deploymentOf(rewrite),
    pods,
  )
  put(SERVICE, serviceOf(8080))
  keepers.start()
  await synced()
  const target = () => {
    const kept = api.store.get(SERVICE) as unknown as { spec: { ports: { targetPort: unknown }[] } }
    return kept.spec.ports[0]?.targetPort
  }
  const turn = async (): Promise<void> => {
    put(SERVICE, serviceOf(8080))
    const { metadata } = api.store.get(SERVICE) ?? {}
    t.truthy(metadata)
    await keepers.pass()
  }
  await keepers.pass()
  t.is(target(), 'http')
  t.deepEqual(reasons(), ['ServiceRewritten'])
  await turn()
  await turn()
  t.is(keepers.numbers().rewritten, 3)
  await turn()
  t.is(target(), 8080)
  t.regex(said.at(-1)?.note ?? '', /something puts it back/)
  t.deepEqual(keepers.numbers().findings, { NumericTargetPort: 1 })
  clock.utc += 61 * MINUTE
  await turn()
  t.is(target(), 'http')
})

test('a Service with a plain pod that lacks the name is not rewritten, and it is said why', async t => {
  const plain = podOf('b', false, { port: { containerPort: 8080 }, metadata: {} })
  plain.metadata.annotations = {}
  const { api, put, keepers, said, synced } = await cluster(t, deploymentOf(rewrite), [
    podOf('a', true),
    plain,
  ])
  put(SERVICE, serviceOf(8080))
  keepers.start()
  await synced()
  await keepers.pass()
  t.is(keepers.numbers().rewritten, 0)
  t.is(api.requests.filter(({ method }) => method === 'PATCH').length, 0)
  const { reason, note } = said.at(-1) ?? {}
  t.is(reason, 'NumericTargetPort')
  t.regex(note ?? '', /Not rewritten yet: 1 of 2 pods have no port http \(b\)/)
})

test('without the annotation a Service is only told of; with no traffic at the sidecar, that too', async t => {
  const { api, put, keepers, seen, reasons, synced } = await cluster(t, deploymentOf({}), [
    podOf('a', true),
  ])
  put(SERVICE, serviceOf(8080))
  keepers.start()
  await synced()
  await keepers.pass()
  t.true(reasons().includes('NumericTargetPort'))
  seen({ offered: 0, connections: null, cpuMillis: null })
  await keepers.pass()
  t.true(reasons().includes('TrafficBypassesSidecar'))
  t.is(api.requests.filter(({ method }) => method === 'PATCH').length, 0)
})

const stuck = {
  replicas: 0,
  conditions: [
    {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'Internal error occurred: failed calling webhook "inject.outrigger.dev": refused',
    },
  ],
}

test('the webhook is back: what waits for it is annotated within a second, once', async t => {
  const deployment = deploymentOf({ status: stuck })
  const { api, put, keepers, time, clock } = await cluster(t, deployment, [])
  const owner = { kind: 'Deployment', name: 'model', uid: deployment.metadata.uid }
  put(REPLICA_SET, { metadata: { name: 'model-1', ownerReferences: [owner] }, status: stuck })
  put(REPLICA_SET.replace('model-1', 'other-1'), {
    metadata: { name: 'other-1', ownerReferences: [{ ...owner, uid: 'another' }] },
    status: stuck,
  })
  keepers.webhookReady()
  time.advance(1000)
  await until(() => keepers.numbers().woken === 1)
  const annotations = () => api.store.get(REPLICA_SET)?.metadata.annotations ?? {}
  t.is(annotations()['outrigger.dev/retry'], new Date(clock.utc).toISOString())
  const lists = () => api.requests.filter(({ path }) => path.endsWith('/replicasets')).length
  const before = lists()
  time.advance(4000)
  await until(() => lists() > before)
  await until(() => keepers.numbers().failed === 0)
  t.is(keepers.numbers().woken, 1, 'not again so soon')
  const other = api.store.get(REPLICA_SET.replace('model-1', 'other-1'))
  t.is(other?.metadata.annotations, undefined)
})

test('two replicas of ours wake one ReplicaSet once: the version decides', async t => {
  const deployment = deploymentOf({ status: stuck })
  const { api, put, keepers } = await cluster(t, deployment, [])
  const owner = { kind: 'Deployment', name: 'model', uid: deployment.metadata.uid }
  put(REPLICA_SET, { metadata: { name: 'model-1', ownerReferences: [owner] }, status: stuck })
  let meddled = false
  api.fault = ({ method }) => {
    if (method === 'PATCH' && !meddled) {
      meddled = true
      const { metadata } = api.store.get(REPLICA_SET) ?? {}
      put(REPLICA_SET, { metadata: { ...metadata, labels: { a: 'b' } }, status: stuck })
    }
    return null
  }
  await keepers.pass()
  t.true(meddled)
  t.deepEqual([keepers.numbers().woken, keepers.numbers().failed], [0, 0])
  await keepers.pass()
  t.is(keepers.numbers().woken, 1)
})

test('an API server that fails is counted, and the next pass goes on', async t => {
  const { api, keepers, reasons } = await cluster(t, deploymentOf({}), [
    podOf('a', true),
    podOf('b', false),
  ])
  api.fault = () => ({ status: 500, body: 'no' })
  await keepers.pass()
  t.is(keepers.numbers().failed, 1)
  api.fault = () => null
  await keepers.pass()
  t.deepEqual(reasons(), ['SidecarMissing'])
})

test('without the lease nothing is looked at and nothing is written', async t => {
  const pods = [podOf('a', true), podOf('b', false)]
  const { api, put, keepers, said, out, synced } = await cluster(t, deploymentOf(rewrite), pods)
  put(SERVICE, serviceOf(8080))
  keepers.start()
  await synced()
  out.holds = false
  const before = api.requests.length
  await keepers.pass()
  t.is(api.requests.length, before)
  t.deepEqual(said, [])
})
