import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { ports } from '../../core/model/ports.ts'
import { manifestsFile } from '../../scripts/chart.ts'
import { root } from '../house/tree.ts'
import { excessive, objectsOf, podSpecs, unrestricted, type Container } from './objects.ts'

const objects = objectsOf(readFileSync(manifestsFile, 'utf8'))
const pods = podSpecs(objects)
const containers = pods.flatMap(({ pod }) => pod.containers)
const named = (kind: string, name: string) =>
  objects.find(object => object.kind === kind && object.metadata.name === name)
/** What the component's readers of the environment say. */
const readers = (component: string): string =>
  ['config.ts', 'env-table.ts']
    .map(file => join(root, component, file))
    .filter(file => existsSync(file))
    .map(file => readFileSync(file, 'utf8'))
    .join('\n')

/** Variables that a component is given and doesn't read. */
function unread(container: Container, source: string): string[] {
  const known = new Set(source.match(/\bOUTRIGGER_[A-Z_]+\b/g))
  return (container.env ?? [])
    .map(({ name }) => name)
    .filter(name => !name.startsWith('OTEL_') && !known.has(name))
}

test('a controller, an aggregator and edges', t => {
  t.deepEqual(containers.map(({ args }) => args).toSorted(), [
    ['aggregator'],
    ['controller'],
    ['edge'],
  ])
  t.is(named('StatefulSet', 'outrigger-controller')?.spec?.replicas, 2)
  t.is(named('Deployment', 'outrigger-edge')?.spec?.replicas, 2)
  t.is(named('PodDisruptionBudget', 'outrigger-controller')?.spec?.maxUnavailable, 1)
})

for (const container of containers) {
  const { name, env = [] } = container
  test(`${name}: reads each variable that it is given, and each only once`, t => {
    const source = readers(name)
    t.deepEqual(unread(container, source), [])
    t.deepEqual(unread({ ...container, env: [{ name: 'OUTRIGGER_NONE' }] }, source), [
      'OUTRIGGER_NONE',
    ])
    t.is(new Set(env.map(each => each.name)).size, env.length)
  })

  test(`${name}: has probes, and bounds of memory`, t => {
    t.like(container.livenessProbe, { httpGet: { path: '/healthz', port: 'admin' } })
    t.like(container.readinessProbe, { httpGet: { path: '/readyz', port: 'admin' } })
    t.truthy(container.resources?.limits?.memory)
    t.truthy(container.resources?.requests?.cpu)
  })

  test(`${name}: listens where the table of ports says`, t => {
    const { port } = ports[name as 'controller' | 'aggregator' | 'edge']
    t.is(container.ports?.find(each => each.name === 'admin')?.containerPort, port)
    t.is(env.find(each => each.name === 'OUTRIGGER_ADMIN')?.value, `[::]:${port}`)
  })
}

test('URLs of components lead to Services that are there', t => {
  const values = containers.flatMap(({ env = [] }) => env.map(({ value = '' }) => value))
  const hosts = values.flatMap(
    value => /^(?:http:\/\/)?([a-z-]+)\.([a-z-]+)\.svc:(\d+)$/.exec(value) ?? [],
  )
  t.is(hosts.length, 8)
  for (let at = 0; at < hosts.length; at += 4) {
    const service = named('Service', hosts[at + 1] ?? '')
    t.is(service?.metadata.namespace, hosts[at + 2])
    const open = service?.spec?.ports as { port: number }[]
    t.deepEqual(
      open.map(({ port }) => String(port)),
      [hosts[at + 3] ?? ''],
    )
  }
})

test('pods are as the Pod Security level restricted asks, with a root that can not be written', t => {
  for (const { pod, name } of pods) t.deepEqual(unrestricted(pod), [], name)
})

test('caught: pods that are not', t => {
  const bare = { containers: [{ name: 'a', args: [] }], volumes: [{ name: 'v', hostPath: {} }] }
  t.deepEqual(unrestricted(bare), [
    'volume v is a hostPath',
    'a may run as root',
    'a may gain privileges',
    'a keeps capabilities',
    'a has no seccomp profile',
    'a can write its root',
  ])
})

test('rights: no wildcard, no way around others, nothing deleted but Services, secrets by name only', t => {
  t.deepEqual(excessive(objects), [])
  const bound = pods.filter(({ pod }) => pod.automountServiceAccountToken !== false)
  t.deepEqual(
    bound.map(({ name }) => name),
    ['outrigger-controller'],
  )
})

test('caught: rights that are too many', t => {
  const role = (resources: string[], verbs: string[], apiGroups = ['']) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'x' },
    rules: [{ apiGroups, resources, verbs }],
  })
  t.is(excessive([role(['nodes/proxy'], ['get'])]).length, 1)
  t.is(excessive([role(['pods'], ['*'])]).length, 1)
  t.is(excessive([role(['pods'], ['delete'])]).length, 1)
  t.is(excessive([role(['services'], ['delete'])]).length, 0)
  t.is(excessive([role(['secrets'], ['get'])]).length, 1)
  t.is(excessive([role(['secrets'], ['create'])]).length, 1)
  t.is(excessive([role(['pods'], ['get', 'list', 'watch', 'patch'])]).length, 0)
})

test('webhooks: only what asks for it can be refused, our own namespace and those of Kubernetes never', t => {
  const { webhooks = [] } = named('MutatingWebhookConfiguration', 'outrigger') ?? {}
  const [inject, scaled] = webhooks
  t.deepEqual(
    webhooks.map(({ name, failurePolicy }) => [name, failurePolicy]),
    [
      ['inject.outrigger.dev', 'Fail'],
      ['scaled.outrigger.dev', 'Ignore'],
    ],
  )
  t.is(scaled?.timeoutSeconds, 1)
  t.regex(inject?.matchConditions[0]?.expression ?? '', /"outrigger\.dev\/inject" in/)
  for (const { clientConfig, namespaceSelector } of webhooks) {
    t.false('caBundle' in clientConfig, 'an upgrade would clear what the controller filled in')
    t.deepEqual(namespaceSelector.matchExpressions[0]?.values, [
      'kube-system',
      'kube-node-lease',
      'outrigger-system',
    ])
    t.truthy(named('Service', clientConfig.service.name))
  }
})

test('nothing secret or random is in there: upgrades leave alone what no version has', t => {
  for (const object of objects.filter(({ kind }) => kind === 'Secret')) {
    t.false('data' in object || 'stringData' in object, object.metadata.name)
  }
  t.is(named('Secret', 'outrigger-root'), undefined)
  t.deepEqual(named('Lease', 'outrigger-controller')?.spec, {})
})

test('without Helm: in a namespace of their own that refuses privileged pods, and no sign of Helm', t => {
  const [namespace, ...others] = objects
  t.is(namespace?.kind, 'Namespace')
  t.is(namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted')
  for (const { metadata } of others) {
    t.true([undefined, namespace?.metadata.name].includes(metadata.namespace), metadata.name)
    t.deepEqual(
      Object.entries(metadata.labels ?? {}).filter(pair => /helm/i.test(pair.join())),
      [],
    )
  }
})
