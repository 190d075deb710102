import test from 'ava'
import { running } from './machine/processes.ts'
import { giveVolumes } from './machine/volumes.ts'
import { outrigger } from './support/cli.ts'
import {
  FORMER,
  helm,
  install,
  json,
  kubectl,
  podsOf,
  hasSidecar,
  SYSTEM,
  uninstall,
  until,
} from './support/cluster.ts'
import { loadOf } from './support/load-pod.ts'
import { answers, deployModel, replicasReady } from './support/model.ts'

/** The life of a release: installed, upgraded, rolled back, removed, with an injected model under load. */
const MODEL = { namespace: 'chart-model', name: 'model', replicas: 2, ms: 20, slots: 50 }
/** As many replicas as it has, so that they can be counted; no limit yet to be learned on a loaded machine. */
const STEADY = {
  edge: 'true',
  'min-replicas': '2',
  'max-replicas': '2',
  'fixed-limit': '50',
}
const BOUND = 'chart-bound'
const MINUTES = { seconds: 120 }
/** The log on volumes of the cluster's default class, as it is without any value. */
const KEPT = ['controller.persistence.enabled=true']

let uninstalledAt = 0

interface Secret {
  data?: Record<string, string>
}
interface Webhooks {
  webhooks: { clientConfig: { caBundle?: string } }[]
}

/** What no version of the chart has, and no upgrade may change. */
async function kept(): Promise<Record<string, unknown>> {
  const secret = async (name: string): Promise<unknown> =>
    (await json<Secret>(['-n', SYSTEM, 'get', 'secret', name])).data
  const { webhooks } = await json<Webhooks>(['get', 'mutatingwebhookconfiguration', 'outrigger'])
  return {
    token: await secret('outrigger-token'),
    tls: await secret('outrigger-webhook-tls'),
    root: await secret('outrigger-root'),
    bundles: webhooks.map(({ clientConfig }) => clientConfig.caBundle),
  }
}

async function rolledOut(namespace = SYSTEM): Promise<void> {
  for (const name of [
    'statefulset/outrigger-controller',
    'deployment/outrigger-aggregator',
    'deployment/outrigger-edge',
  ])
    await kubectl(['-n', namespace, 'rollout', 'status', name, '--timeout=180s'])
}

async function named(args: string[]): Promise<string[]> {
  const text = await kubectl([...args, '-o', 'name', '--ignore-not-found'])
  return text.split('\n').filter(line => line !== '')
}

const clusterWide = (): Promise<string[]> =>
  named([
    'get',
    'clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations',
  ]).then(all => all.filter(name => name.includes('outrigger')))

const pods = (namespace: string): Promise<string[]> => named(['-n', namespace, 'get', 'pods'])
const empty = (namespace: string): Promise<boolean> =>
  until(`no pods in ${namespace}`, async () => (await pods(namespace)).length === 0, MINUTES)

/** Everything in a namespace, but what Kubernetes itself puts there. */
async function leftIn(namespace: string): Promise<string[]> {
  const kinds = await kubectl(['api-resources', '--verbs=list', '--namespaced', '-o', 'name'])
  const asked = kinds.split('\n').filter(kind => kind !== '' && !/^events\b|metrics/.test(kind))
  const all = await named(['-n', namespace, 'get', asked.join(',')])
  const theirs = ['configmap/kube-root-ca.crt', 'serviceaccount/default']
  return all.filter(name => !theirs.includes(name)).toSorted()
}

const KEYS = ['configmap/outrigger-root-key', 'secret/outrigger-root']
const LOGS = [0, 1].map(i => `persistentvolumeclaim/state-outrigger-controller-${i}`)

test.before(async () => {
  await uninstall()
  // Elsewhere the cluster has a provisioner.
  if (running('kubelet') !== null) await giveVolumes()
  await kubectl(['delete', 'namespace', MODEL.namespace, BOUND, '--ignore-not-found'])
})
test.after.always(async () => {
  await kubectl(['delete', 'namespace', MODEL.namespace, BOUND, '--ignore-not-found'])
  await uninstall()
})

test.serial('install: all is ready, one decides, and what nobody wrote down is made', async t => {
  await kubectl(['create', 'namespace', SYSTEM])
  await kubectl(['label', 'namespace', SYSTEM, 'pod-security.kubernetes.io/enforce=restricted'])
  await install(KEPT, SYSTEM, FORMER)
  await rolledOut()
  const leaders = ['-n', SYSTEM, 'get', 'pods', '-l', 'outrigger.dev/leader=true']
  await until('one controller leads', async () => (await named(leaders)).length === 1)
  const { token, tls, root, bundles } = await until('the caBundle is there', async () => {
    const now = await kept()
    return (now.bundles as string[]).every(bundle => bundle !== undefined) ? now : null
  })
  for (const data of [token, tls, root]) t.truthy(data)
  t.is(new Set(bundles as string[]).size, 1)
  t.is(
    (await json<Secret>(['-n', SYSTEM, 'get', 'configmap', 'outrigger-root-key'])).data?.publicKey,
    Buffer.from((root as Record<string, string>).publicKey ?? '', 'base64').toString(),
  )
})

test.serial(
  'upgrade from the version before and rollback to it, under load: nothing is lost, what was made stays',
  async t => {
    await deployModel({ ...MODEL, annotations: { inject: 'true' }, deployment: STEADY })
    await replicasReady(MODEL.namespace, MODEL.name, 2)
    t.true((await podsOf(MODEL.namespace, MODEL.name)).every(hasSidecar))
    await until('the edge is there', () =>
      named(['-n', MODEL.namespace, 'get', 'service', 'model-edge']).then(all => all.length > 0),
    )
    const loads = []
    for (const name of ['model', 'model-edge']) {
      await answers(MODEL.namespace, name, 'model')
      const load = await loadOf({ namespace: MODEL.namespace, service: name, rate: 40 })
      loads.push(load)
      t.teardown(async () => void (await load.stop()))
    }
    const before = await kept()
    const changed = ['controller', 'aggregator', 'edge'].map(
      each => `${each}.podAnnotations.round=two`,
    )
    await install([...KEPT, ...changed, 'edge.replicas=3', 'log.keep-days=7'])
    await rolledOut()
    t.deepEqual(await kept(), before)
    const settings = ['-n', SYSTEM, 'get', 'configmap', 'outrigger-settings']
    t.is((await json<Secret>(settings)).data?.['settings.json'], '{"log":{"keep-days":7}}')
    await helm(['rollback', 'outrigger', '1', '--namespace', SYSTEM])
    await rolledOut()
    t.deepEqual(await kept(), before)
    t.is((await json<Secret>(settings)).data?.['settings.json'], '{"log":{}}')
    // What drains may still be sent to: until the last of the old ones is gone.
    await until('old pods are gone', async () => (await pods(SYSTEM)).length === 5, MINUTES)
    for (const result of await Promise.all(loads.map(load => load.stop()))) {
      t.true(result.sent > 500)
      t.is(result.failed, 0, JSON.stringify(result.failures))
      t.is(result.through, result.ok)
    }
  },
)

test.serial(
  'uninstall with injected pods: they serve on, and only the root key and the log are left',
  async t => {
    const load = await loadOf({ namespace: MODEL.namespace, service: MODEL.name, rate: 40 })
    t.teardown(async () => void (await load.stop()))
    await helm(['uninstall', 'outrigger', '--namespace', SYSTEM, '--wait'])
    await empty(SYSTEM)
    uninstalledAt = Date.now()
    t.deepEqual(await leftIn(SYSTEM), [...KEYS, ...LOGS].toSorted())
    t.deepEqual(await clusterWide(), [])
    // A pod that is made now is not refused, and has no sidecar.
    const [pod] = await podsOf(MODEL.namespace, MODEL.name)
    await kubectl(['-n', MODEL.namespace, 'delete', 'pod', pod?.metadata.name ?? ''])
    await replicasReady(MODEL.namespace, MODEL.name, 2)
    t.is((await podsOf(MODEL.namespace, MODEL.name)).filter(hasSidecar).length, 1)
    const result = await load.stop()
    t.is(result.failed, 0, JSON.stringify(result.failures))
  },
)

test.serial('installed again, it has the same root key and goes on with its log', async t => {
  const secret = ['-n', SYSTEM, 'get', 'secret', 'outrigger-root']
  const root = (await json<Secret>(secret)).data
  await install(KEPT)
  await rolledOut()
  t.deepEqual((await json<Secret>(secret)).data, root)
  const of = `${MODEL.namespace}/${MODEL.name}`
  const list = ['decisions', 'list', '--since', '1h', '--endpoint', of, '--cluster', '--json']
  const oldest = await until('decisions are listed', async () => {
    const { code, out, err } = await outrigger(...list)
    if (code !== 0) throw new Error(err)
    return out.split('\n').find(Boolean)
  })
  const { time } = JSON.parse(oldest) as { time: number }
  t.true(time < uninstalledAt, 'the oldest decision is older than the uninstallation')
})

test.serial('what docs/install.md says removes the rest: nothing at all is left', async t => {
  await install([...KEPT, 'controller.persistence.keepOnUninstall=false'])
  await rolledOut()
  await helm(['uninstall', 'outrigger', '--namespace', SYSTEM, '--wait'])
  await empty(SYSTEM)
  await until('the log went with the release', async () =>
    (await leftIn(SYSTEM)).every(name => KEYS.includes(name)),
  )
  await kubectl(['-n', SYSTEM, 'delete', ...KEYS])
  t.deepEqual(await leftIn(SYSTEM), [])
  t.deepEqual(await clusterWide(), [])
  await uninstall()
})

test.serial(
  'bound to a namespace: ready with Roles alone, and nothing of it in the cluster',
  async t => {
    await install(
      [`watchNamespaces={${BOUND}}`, 'webhook.enabled=false', 'nodeMetrics.enabled=false'],
      BOUND,
    )
    await rolledOut(BOUND)
    t.deepEqual(await clusterWide(), [])
    await helm(['uninstall', 'outrigger', '--namespace', BOUND, '--wait'])
    await empty(BOUND)
    t.deepEqual(await leftIn(BOUND), KEYS)
  },
)
