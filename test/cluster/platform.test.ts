import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { outrigger } from './support/cli.ts'
import { hasSidecar, install, json, kubectl, podsOf, SYSTEM, until } from './support/cluster.ts'
import { loadOf } from './support/load-pod.ts'
import { answers, deployModel, replicasReady, type ModelOptions } from './support/model.ts'

/** What else Kubernetes says about replicas, and who else changes what is ours: seen, told, and coped with. */

const namespace = 'platform'
const inject = { inject: 'true' }
const deploy = (options: Omit<ModelOptions, 'namespace'>): Promise<void> =>
  deployModel({ namespace, ms: 5, slots: 100, replicas: 1, annotations: inject, ...options })

const apply = (object: object): Promise<string> =>
  kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(object))

const annotate = (name: string, ...values: string[]): Promise<string> =>
  kubectl(['-n', namespace, 'annotate', '--overwrite', 'deployment', name, ...values])

const remove = (kind: string, name: string): Promise<string> =>
  kubectl(['-n', namespace, 'delete', kind, name, '--wait=false', '--ignore-not-found'])

const replicasOf = (name: string): Promise<number> =>
  json<{ spec: { replicas: number } }>(['-n', namespace, 'get', 'deployment', name]).then(
    ({ spec }) => spec.replicas,
  )

/** What `explain` and `top` say of an endpoint. */
async function told(name: string): Promise<string> {
  const explain = await outrigger('explain', `${namespace}/${name}`, '--cluster')
  const top = await outrigger('top', '--once', '--cluster')
  return `${explain.out}${explain.err}\n${top.out}${top.err}`
}

function saysOf(name: string, words: RegExp): Promise<string> {
  return until(
    `${String(words)} is said of ${name}`,
    async () => {
      const text = await told(name)
      if (!words.test(text)) throw new Error(text)
      return text
    },
    { seconds: 90 },
  )
}

test.before(async () => {
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found'])
  await install()
})
test.after.always(() =>
  kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
)

test.serial('a ResourceQuota: said in its words, and gone on with when there is room', async t => {
  await deploy({ name: 'quota' })
  await replicasReady(namespace, 'quota', 1)
  const quota = (pods: number): Promise<string> =>
    apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few', namespace },
      spec: { hard: { pods: String(pods) } },
    })
  await quota(1)
  t.teardown(() => remove('resourcequota', 'few'))
  await annotate('quota', 'outrigger.dev/min-replicas=2')
  await saysOf('quota', /exceeded quota: few/)
  t.is(await replicasOf('quota'), 2, 'asked for all the same')
  await quota(3)
  // The ReplicaSet controller tries again ever later.
  await replicasReady(namespace, 'quota', 2, 180)
})

test.serial('no node has room: the scheduler is quoted, and no more are asked for', async t => {
  const more = { affinity: onlyOnceANode('crowded') }
  await deploy({ name: 'crowded', more, deployment: { 'max-replicas': '5' } })
  await replicasReady(namespace, 'crowded', 1)
  await annotate('crowded', 'outrigger.dev/min-replicas=2')
  const text = await saysOf('crowded', /didn't match pod anti-affinity rules/)
  t.regex(text, /unschedulable/i)
  await sleep(11_000)
  t.is(await replicasOf('crowded'), 2)
  await remove('deployment', 'crowded')
})

/** A second pod of the app finds no node, where there is one. */
function onlyOnceANode(app: string): object {
  const term = { labelSelector: { matchLabels: { app } }, topologyKey: 'outrigger.dev/anywhere' }
  const here = { ...term, topologyKey: 'kubernetes.io/os' }
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [here] } }
}

test.serial(
  'a rollout that is paused and a PodDisruptionBudget that lets none go: told, and scaled all the same',
  async t => {
    await deploy({ name: 'paused', deployment: { 'scale-down-window': '5s' } })
    await replicasReady(namespace, 'paused', 1)
    await apply({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'none', namespace },
      spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'paused' } } },
    })
    await kubectl(['-n', namespace, 'rollout', 'pause', 'deployment/paused'])
    const env = ['-n', namespace, 'set', 'env', 'deployment/paused', 'ROUND=2']
    await kubectl(env)
    await annotate('paused', 'outrigger.dev/min-replicas=2')
    await replicasReady(namespace, 'paused', 2)
    await saysOf('paused', /rollout is paused/)
    const { out } = await outrigger('check', '--json', '--cluster')
    t.regex(out, /PodDisruptionBudget[^"]*none/)
    await annotate('paused', 'outrigger.dev/min-replicas=1')
    await replicasReady(namespace, 'paused', 1, 120)
    await remove('deployment', 'paused')
  },
)

const SCALED_OBJECTS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'scaledobjects.keda.sh' },
  spec: {
    group: 'keda.sh',
    scope: 'Namespaced',
    names: { plural: 'scaledobjects', singular: 'scaledobject', kind: 'ScaledObject' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
}

test.serial(
  "KEDA's ScaledObject for the same Deployment: refused, with the reason and the fix",
  async t => {
    t.teardown(() => kubectl(['delete', 'crd', 'scaledobjects.keda.sh', '--ignore-not-found']))
    await apply(SCALED_OBJECTS)
    await kubectl(['wait', '--for=condition=Established', 'crd/scaledobjects.keda.sh'])
    // Looked for at the start and every five minutes.
    const controllers = ['-n', SYSTEM, 'rollout']
    await kubectl([...controllers, 'restart', 'statefulset/outrigger-controller'])
    await kubectl([...controllers, 'status', 'statefulset/outrigger-controller', '--timeout=120s'])
    await deploy({ name: 'keda' })
    await replicasReady(namespace, 'keda', 1)
    await apply({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'theirs', namespace },
      spec: { scaleTargetRef: { name: 'keda' } },
    })
    await saysOf('keda', /ScaledObject platform\/theirs/)
    await annotate('keda', 'outrigger.dev/min-replicas=2')
    await sleep(11_000)
    t.is(await replicasOf('keda'), 1)
    await remove('scaledobject', 'theirs')
    await replicasReady(namespace, 'keda', 2, 120)
    await remove('deployment', 'keda')
  },
)

test.serial('a Service with a number is rewritten where that is asked for', async t => {
  const targetPort = async (): Promise<unknown> =>
    (
      await json<{ spec: { ports: { targetPort: unknown }[] } }>([
        '-n',
        namespace,
        'get',
        'service',
        'number',
      ])
    ).spec.ports[0]?.targetPort
  await deploy({ name: 'number', targetPort: 8080, deployment: { service: 'rewrite' } })
  await replicasReady(namespace, 'number', 1)
  await until('the Service names the port', async () => (await targetPort()) === 'http')
  await answers(namespace, 'number')
  const load = await loadOf({ namespace, service: 'number', rate: 20 })
  t.teardown(() => load.stop())
  await until('all goes through the sidecar', () => load.now().through > 20)
  const { failed, through, ok } = await load.stop()
  t.is(failed, 0)
  t.is(through, ok)
})

test.serial('the kubelet says what the model uses of its CPU and memory', async t => {
  const list = ['decisions', 'list', '--since', '1m', '--cluster', '--json', '--endpoint']
  const used = await until('a decision has CPU and memory', async () => {
    const { out } = await outrigger(...list, `${namespace}/number`)
    const windows = out
      .split('\n')
      .filter(Boolean)
      .map(line => (JSON.parse(line) as Decided).body.inputs.windows['20'])
    return windows.find(each => each.memoryPermille !== null && each.cpuPermille !== null)
  })
  t.true(Number(used.memoryPermille) > 50, 'Node itself is a good part of 256 MiB')
})

interface Decided {
  body: {
    inputs: { windows: { 20: { cpuPermille: number | null; memoryPermille: number | null } } }
  }
}

test.serial('a cleared caBundle is put back, and pods go on being injected', async t => {
  const clear = { op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: '' }
  const webhook = ['mutatingwebhookconfiguration', 'outrigger']
  const bundle = async (): Promise<string | undefined> =>
    (await json<{ webhooks: { clientConfig: { caBundle?: string } }[] }>(['get', ...webhook]))
      .webhooks[0]?.clientConfig.caBundle
  const before = await bundle()
  t.truthy(before)
  await kubectl(['patch', ...webhook, '--type=json', '-p', JSON.stringify([clear])])
  await until('it is there again', async () => (await bundle()) === before)
  await kubectl(['-n', namespace, 'rollout', 'restart', 'deployment/number'])
  await kubectl(['-n', namespace, 'rollout', 'status', 'deployment/number', '--timeout=120s'])
  t.true((await podsOf(namespace, 'number')).every(hasSidecar))
})

test.serial(
  'a liveness probe kills the model: its sidecar drains and serves again, nothing is lost',
  async t => {
    const name = 'sick'
    const livenessProbe = {
      httpGet: { path: '/livez', port: 'http' },
      initialDelaySeconds: 5,
      periodSeconds: 1,
      failureThreshold: 1,
    }
    const deployment = { 'min-replicas': '2', 'max-replicas': '2', 'fixed-limit': '50' }
    await deploy({ name, replicas: 2, deployment, livenessProbe })
    await replicasReady(namespace, name, 2)
    await answers(namespace, name)
    const load = await loadOf({ namespace, service: name, rate: 50 })
    t.teardown(() => load.stop())
    const [pod] = await podsOf(namespace, name)
    const restarts = async (): Promise<number> => {
      const [now] = (await podsOf(namespace, name)).filter(
        each => each.metadata.uid === pod?.metadata.uid,
      )
      return now?.status.containerStatuses?.find(each => each.name === 'model')?.restartCount ?? 0
    }
    const touch = [
      'exec',
      pod?.metadata.name ?? '',
      '-c',
      'model',
      '--',
      '/usr/local/bin/node',
      '-e',
    ]
    await kubectl(['-n', namespace, ...touch, "fs.writeFileSync('/tmp/sick', '')"])
    await until('the model was started again', async () => (await restarts()) === 1, {
      seconds: 90,
    })
    await replicasReady(namespace, name, 2)
    // Connections that are kept stay where they are: the replica is asked by itself.
    const there = `/api/v1/namespaces/${namespace}/pods/${pod?.metadata.name ?? ''}:15080/proxy/`
    await until('its sidecar sends on to it again', async () => {
      const answer = JSON.parse(await kubectl(['get', '--raw', there])) as { pod: string }
      return answer.pod === pod?.metadata.name
    })
    const result = await load.stop()
    t.is(result.failed, 0, JSON.stringify(result.failures))
  },
)
