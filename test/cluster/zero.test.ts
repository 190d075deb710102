import test from 'ava'
import { install, json, kubectl, podsOf, until } from './support/cluster.ts'
import { loadOf } from './support/load-pod.ts'
import { deployModel } from './support/model.ts'

const namespace = 'zero'
const name = 'model'

interface Deployment {
  spec: { replicas: number }
}

test('scale to zero through the edge: idle, the last pod goes; what comes then is held, makes the first one, and is served', async t => {
  await install()
  t.teardown(() =>
    kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
  )
  const deployment = {
    edge: 'true',
    'scale-to-zero': 'true',
    'min-replicas': '0',
    'fixed-limit': '20',
    'scale-down-window': '10s',
    'hold-at-zero': '60s',
  }
  const annotations = { inject: 'true' }
  await deployModel({ namespace, name, replicas: 1, ms: 20, slots: 20, annotations, deployment })
  await until(
    'nothing runs',
    async () => {
      const of = ['-n', namespace, 'get', 'deployment', name]
      const { spec } = await json<Deployment>(of)
      return spec.replicas === 0 && (await podsOf(namespace, name)).length === 0
    },
    { seconds: 180 },
  )
  const load = await loadOf({ namespace, service: `${name}-edge`, rate: 5 })
  t.teardown(() => load.stop())
  await until('it is served', () => load.now().ok > 20, { seconds: 90 })
  const result = await load.stop()
  t.log(`${result.sent} requests, the first ones waited ${result.ms.max} ms`)
  t.is(result.failed, 0, JSON.stringify(result.failures))
  t.true(result.ms.max > 500, 'until the first pod was there')
  const events = await kubectl(['-n', namespace, 'get', 'events.events.k8s.io', '-o', 'json'])
  t.regex(events, /1 to 0 replicas/)
  t.regex(events, /0 to 1 replicas/)
})
