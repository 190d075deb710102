import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import {
  hasSidecar,
  install,
  isReady,
  kubectl,
  own,
  podsOf,
  SYSTEM,
  until,
} from './support/cluster.ts'
import { annotateTemplate, deployModel, replicasReady, type ModelOptions } from './support/model.ts'
import { calm, inject, underLoad } from './support/under-load.ts'

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
  'a model that only loopback reaches': {
    ms: 5,
    host: '127.0.0.1',
    annotations: { ...inject, mode: 'loopback' },
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
