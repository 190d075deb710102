import test, { type ExecutionContext } from 'ava'
import { Surroundings } from '../../../controller/kubernetes/surroundings.ts'
import { injecting } from '../../../controller/kubernetes/injecting.ts'
import type { ClusterConfig } from '../../../controller/config.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'
import { HandTime, until } from '../../support/hand-time.ts'
import { podOf, serviceOf } from './support/keep-objects.ts'

type Told = ReturnType<Surroundings['of']>

async function stage(
  t: ExecutionContext,
  options: { watchNamespaces?: string[]; namespaces?: boolean; minor?: string } = {},
) {
  const api = await FakeApiServer.start()
  const { watchNamespaces = [], namespaces = true, minor = '33+' } = options
  let version: object = { major: '1', minor }
  api.fault = ({ path }) =>
    path === '/version' ? { status: 200, body: JSON.stringify(version) } : null
  const time = new HandTime()
  const logged: string[] = []
  const log = (_: string, message: string): void => void logged.push(message)
  const kube = api.kube()
  const surroundings = new Surroundings({ kube, watchNamespaces, namespaces, log, time })
  t.teardown(async () => {
    surroundings.stop()
    await api.stop()
  })
  const put = (path: string, object: object) => api.store.put(path, object as never)
  const is = (next: object): void => void (version = next)
  const told = (so: (told: Told) => boolean, namespace = 'default') =>
    until(() => so(surroundings.of(namespace)))
  return { api, time, logged, surroundings, put, is, told }
}

test('Services of the namespace, its labels and the version are told as they are known', async t => {
  const { surroundings, put, told } = await stage(t)
  put('/api/v1/namespaces/default', { metadata: { labels: { 'istio-injection': 'enabled' } } })
  put('/api/v1/namespaces/default/services/model', serviceOf(8080))
  put('/api/v1/namespaces/other/services/model', serviceOf(9090))
  t.deepEqual(surroundings.of('default'), {})
  surroundings.start()
  await told(all => Object.keys(all).length === 3)
  const all = surroundings.of('default')
  t.deepEqual(all.namespaceLabels, { 'istio-injection': 'enabled' })
  t.is(all.minor, 33)
  t.deepEqual(
    all.services?.map(({ spec }) => spec?.ports?.[0]?.targetPort),
    [8080],
  )
  t.deepEqual(surroundings.of('nowhere'), { services: [], minor: 33 })
  t.deepEqual(Object.keys(surroundings.figures()), ['services', 'namespaces'])
  put('/api/v1/namespaces/default/services/model', serviceOf('http'))
  await told(({ services }) => services?.[0]?.spec?.ports?.[0]?.targetPort === 'http')
})

test('bound to namespaces, Services of those alone are asked for, of each of them', async t => {
  const { api, surroundings, put, told } = await stage(t, {
    watchNamespaces: ['a', 'b'],
    namespaces: false,
  })
  for (const name of ['a', 'b', 'c'])
    put(`/api/v1/namespaces/${name}/services/model`, serviceOf(8080))
  surroundings.start()
  await told(({ services }) => services?.length === 1, 'b')
  t.is(surroundings.services().length, 2)
  t.deepEqual(surroundings.of('c').services, [])
  const asked = new Set(api.requests.map(({ path }) => path))
  t.false(asked.has('/api/v1/services'))
  t.false(asked.has('/api/v1/namespaces'))
})

test('a version that is none is said once and asked for again; the last known one stays', async t => {
  const { api, time, logged, surroundings, is, told } = await stage(t)
  const asked = (): number => api.requests.filter(({ path }) => path === '/version').length
  is({ major: '2', minor: 'x' })
  surroundings.start()
  const said = "the cluster's version is not known"
  await until(() => logged.includes(said))
  time.advance(45_000)
  await until(() => asked() === 2)
  is({ major: '1', minor: '34' })
  await until(() => {
    time.advance(15_000)
    return surroundings.of('default').minor === 34
  })
  t.is(logged.filter(message => message === said).length, 1)
  is({ message: 'overloaded' })
  const before = asked()
  time.advance(2 * 3_600_000)
  await until(() => asked() > before)
  await told(({ minor }) => minor === 34)
  t.pass()
})

test('the injector is told: a pod is not injected where the cluster is too old, and Services are judged', async t => {
  const { surroundings, put, told } = await stage(t, { minor: '32' })
  const cluster = {
    namespace: 'outrigger-system',
    image: 'outrigger',
    pullPolicy: 'Always',
    pullSecrets: [],
    sidecarResources: null,
  } as unknown as ClusterConfig
  const decide = injecting(cluster, 'key', of => surroundings.of(of))
  const pod = podOf('a', false)
  t.is(decide(pod, 'default').verdict, 'injected')
  put('/api/v1/namespaces/default/services/model', serviceOf(8080))
  surroundings.start()
  await told(({ minor, services }) => minor !== undefined && services?.length === 1)
  t.deepEqual(
    decide(pod, 'default').reasons.map(({ code }) => code),
    ['too-old'],
  )
  const other = await stage(t)
  const again = injecting(cluster, 'key', of => other.surroundings.of(of))
  other.put('/api/v1/namespaces/default/services/model', serviceOf(8080))
  other.surroundings.start()
  await other.told(({ services }) => services?.length === 1)
  const codes = again(pod, 'default').reasons.map(({ code }) => code)
  t.true(codes.includes('numeric-target-port'), codes.join())
})
