import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { removeApiServer, restoreApiServer } from './machine/parts.ts'
import {
  hasSidecar,
  install,
  isReady,
  json,
  kubectl,
  podsOf,
  SYSTEM,
  until,
  type Pod,
} from './support/cluster.ts'
import { startLoad, type Load, type LoadResult } from './support/load.ts'
import {
  annotateTemplate,
  answers,
  deployModel,
  replicasReady,
  serviceUrl,
  type ModelOptions,
} from './support/model.ts'
import { signal, signalPart } from './support/node.ts'

/**
 * Nothing is lost: an open-loop client without retries sends through the Service while each thing happens
 * that happens in a cluster, and every request is answered 200.
 */
const RATE = 100

async function underLoad(
  t: ExecutionContext,
  options: ModelOptions,
  work: (load: Load) => Promise<void>,
): Promise<LoadResult> {
  const { namespace, name, replicas = 2 } = options
  t.teardown(() =>
    kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
  )
  await deployModel({ ...options, replicas })
  await replicasReady(namespace, name, replicas)
  const url = await serviceUrl(namespace, name)
  await answers(url)
  const load = startLoad({ url, rate: RATE })
  await sleep(1000)
  await work(load)
  await sleep(2000)
  const result = await load.stop()
  t.log(`${result.sent} requests, ${JSON.stringify(result.statuses)}, p99 ${result.ms.p99} ms`)
  return result
}

/** Enough for any of it, and held there: what is tested is loss, not scaling. */
const calm = { 'min-replicas': '2', 'max-replicas': '2', 'fixed-limit': '50' }
const inject = { inject: 'true' }

function rollout(namespace: string, name: string): Promise<string> {
  const restart = ['-n', namespace, 'rollout', 'restart', `deployment/${name}`]
  const status = ['-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=120s']
  return kubectl(restart).then(() => kubectl(status))
}

test.before(() => install())

test.serial('a running Deployment is injected, and freed again', async t => {
  const namespace = 'loss-inject'
  const result = await underLoad(
    t,
    { namespace, name: 'model', ms: 5, slots: 100, deployment: calm },
    async () => {
      await annotateTemplate(namespace, 'model', { 'outrigger.dev/inject': 'true' })
      t.true((await podsOf(namespace, 'model')).every(hasSidecar))
      await sleep(3000)
      await annotateTemplate(namespace, 'model', { 'outrigger.dev/inject': null })
      t.false((await podsOf(namespace, 'model')).some(hasSidecar))
    },
  )
  // What leaves without a sidecar has no drain of ours.
  t.true(result.through > 300)
  t.is(result.failed, 0, JSON.stringify(result.failures))
})

for (const [words, options] of Object.entries({
  'a model that exits at once on SIGTERM': { onTerm: 'exit', ms: 5 },
  'a model that has a preStop of its own': {
    ms: 5,
    preStop: { exec: { command: ['/usr/local/bin/node', '-e', 'setTimeout(() => {}, 4000)'] } },
  },
  'a model that answers slowly': { onTerm: 'exit', ms: 2500, graceSeconds: 10 },
} satisfies Record<string, Partial<ModelOptions>>)) {
  test.serial(`rolling restarts of ${words}`, async t => {
    const restarts = words.includes('at once') ? 20 : 2
    const namespace = 'loss-rollout'
    const deployment = { ...calm, 'fixed-limit': '1000' }
    const result = await underLoad(
      t,
      { namespace, name: 'model', slots: 1000, annotations: inject, deployment, ...options },
      async () => {
        for (let i = 0; i < restarts; i++) await rollout(namespace, 'model')
      },
    )
    t.is(result.failed, 0, JSON.stringify(result.failures))
    t.is(result.through, result.sent, 'all through sidecars')
    await kubectl(['delete', 'namespace', namespace, '--wait=true'])
  })
}

test.serial('replicas from 1 to 5 and back, and other limits', async t => {
  const namespace = 'loss-scale'
  const deployment = { freeze: 'replicas', 'fixed-limit': '100' }
  const scale = async (replicas: number): Promise<void> => {
    await kubectl(['-n', namespace, 'scale', 'deployment/model', `--replicas=${replicas}`])
    await replicasReady(namespace, 'model', replicas)
  }
  const limit = (value: number): Promise<string> => {
    const annotation = `outrigger.dev/fixed-limit=${value}`
    return kubectl(['-n', namespace, 'annotate', '--overwrite', 'deployment/model', annotation])
  }
  const result = await underLoad(
    t,
    {
      namespace,
      name: 'model',
      ms: 5,
      slots: 100,
      replicas: 1,
      onTerm: 'exit',
      annotations: inject,
      deployment,
    },
    async () => {
      for (const replicas of [2, 5, 3, 1]) {
        await limit(100 - 10 * replicas)
        await scale(replicas)
      }
      await sleep(5000)
    },
  )
  t.is(result.failed, 0, JSON.stringify(result.failures))
})

test.serial('our own components are killed, and the API server is away for a minute', async t => {
  const namespace = 'loss-kill'
  const deployment = { ...calm, 'fixed-limit': '77' }
  let limits: string[] = []
  const result = await underLoad(
    t,
    { namespace, name: 'model', ms: 5, slots: 100, annotations: inject, deployment },
    async load => {
      await until('the limit is in force', async () => (await limitsOf(namespace)).every(is77), {
        seconds: 60,
      })
      for (const pod of await own('aggregator')) signal(pod, 'aggregator', 'SIGKILL')
      for (const pod of await own('controller')) signal(pod, 'controller', 'SIGKILL')
      await sleep(3000)
      t.is(load.now().failed, 0, 'aggregator and controllers killed')
      await removeApiServer()
      await sleep(60_000)
      limits = await limitsOf(namespace)
      t.is(load.now().failed, 0, 'no API server')
      await restoreApiServer()
      await until(
        'the API server is back',
        async () => (await podsOf(namespace, 'model')).length === 2,
      )
      // The kubelet asks again ever later while nobody answers it.
      await until(
        'all of ours is ready again',
        async () => (await own('controller')).every(isReady) && (await nodesReady()),
        { seconds: 180 },
      )
    },
  )
  t.is(result.failed, 0, JSON.stringify(result.failures))
  t.true(limits.every(is77), `limits stay: ${limits.join(' ')}`)
})

/** Our own pods. */
async function own(component: string): Promise<Pod[]> {
  const selector = `app.kubernetes.io/component=${component}`
  const { items } = await json<{ items: Pod[] }>(['-n', SYSTEM, 'get', 'pods', '-l', selector])
  return items
}

const is77 = (limit: string): boolean => limit === '77'

/** The effective limit of each sidecar, from its own page. */
async function limitsOf(namespace: string): Promise<string[]> {
  addresses.set(
    namespace,
    addresses.get(namespace) ??
      (await podsOf(namespace, 'model')).map(({ status }) => status.podIP ?? ''),
  )
  return Promise.all(
    (addresses.get(namespace) ?? []).map(async ip => {
      const page = await (await fetch(`http://${ip}:15020/metrics`)).text()
      return /^outrigger_limit\{[^}]*\} (\d+)/m.exec(page)?.[1] ?? 'none'
    }),
  )
}
async function nodesReady(): Promise<boolean> {
  const path = '{.items[*].status.conditions[?(@.type=="Ready")].status}'
  const words = await kubectl(['get', 'nodes', '-o', `jsonpath=${path}`])
  return words.split(' ').every(word => word === 'True')
}

/** Kept, so that they are known while no API server tells them. */
const addresses = new Map<string, string[]>()

test.serial(
  'the webhook is away: pods that ask wait for it, others do not, and both go on when it is back',
  async t => {
    const namespace = 'loss-webhook'
    const controllers = (count: number): Promise<string> =>
      kubectl(['-n', SYSTEM, 'scale', 'statefulset/outrigger-controller', `--replicas=${count}`])
    const result = await underLoad(
      t,
      { namespace, name: 'model', ms: 5, slots: 100, annotations: inject, deployment: calm },
      async () => {
        await controllers(0)
        t.teardown(() => controllers(2))
        await until('no controller is left', async () => (await own('controller')).length === 0)
        const [pod] = await podsOf(namespace, 'model')
        await kubectl(['-n', namespace, 'delete', 'pod', pod?.metadata.name ?? '', '--wait=false'])
        await until('its replacement waits for the webhook', async () => {
          const events = await kubectl(['-n', namespace, 'get', 'events'])
          return events.includes('FailedCreate') && events.includes('inject.outrigger.dev')
        })
        await deployModel({ namespace, name: 'plain', replicas: 1 })
        await replicasReady(namespace, 'plain', 1)
        await controllers(2)
        await until(
          'controllers are back',
          async () => (await own('controller')).filter(isReady).length === 2,
        )
        await replicasReady(namespace, 'model', 2, 45)
        t.true((await podsOf(namespace, 'model')).every(hasSidecar))
      },
    )
    t.is(result.failed, 0, JSON.stringify(result.failures))
  },
)

test.serial(
  'a node that is taken for dead: no replica goes, no limit moves, and sidecars answer',
  async t => {
    const namespace = 'loss-node'
    t.teardown(() =>
      kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
    )
    const deployment = { 'max-replicas': '4', 'fixed-limit': '77', 'scale-down-window': '10s' }
    const model = { namespace, name: 'model', ms: 5, slots: 100, annotations: inject, deployment }
    await deployModel({ ...model, replicas: 1 })
    await replicasReady(namespace, 'model', 1)
    await until('the limit is in force', async () => (await limitsOf(namespace)).every(is77))
    const [pod] = await podsOf(namespace, 'model')
    // Past the Service: without a ready node Kubernetes takes every address out of it.
    const load = startLoad({ url: `http://${pod?.status.podIP}:15080/`, rate: RATE })
    t.teardown(() => load.stop())
    signalPart('kubelet', 'SIGSTOP')
    t.teardown(() => signalPart('kubelet', 'SIGCONT'))
    await until('the node is not ready', async () => !(await nodesReady()), { seconds: 90 })
    await sleep(15_000)
    t.deepEqual(await limitsOf(namespace), ['77'])
    const [same] = await podsOf(namespace, 'model')
    t.is(same?.metadata.name, pod?.metadata.name)
    signalPart('kubelet', 'SIGCONT')
    await until('the node is ready', nodesReady, { seconds: 90 })
    await replicasReady(namespace, 'model', 1)
    const result = await load.stop()
    t.log(`${result.sent} requests, ${JSON.stringify(result.statuses)}`)
    t.is(result.failed, 0, JSON.stringify(result.failures))
  },
)

test.serial('a killed sidecar loses what it had in flight and nothing else', async t => {
  const namespace = 'loss-sidecar'
  const result = await underLoad(
    t,
    { namespace, name: 'model', ms: 20, slots: 100, annotations: inject, deployment: calm },
    async () => {
      const [pod] = await podsOf(namespace, 'model')
      if (pod === undefined) throw new Error('no pod')
      signal(pod, 'outrigger', 'SIGKILL')
      await sleep(8000)
      await replicasReady(namespace, 'model', 2)
    },
  )
  t.log(JSON.stringify(result.errors))
  // At 100 a second over two replicas one has 1 in flight, and connections to it until the endpoint goes.
  t.true(result.failed <= 110, JSON.stringify(result.failures))
})
