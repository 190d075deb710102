import test from 'ava'
import { hasSidecar, install, isReady, json, kubectl, podsOf, until } from './support/cluster.ts'
import { loadOf } from './support/load-pod.ts'
import type { LoadResult } from './support/load.ts'
import { annotateTemplate, answers, deployModel, replicasReady } from './support/model.ts'

const namespace = 'adapts'
const name = 'model'

interface Status {
  replicas: number
  limit: number
  decision: string
}

async function statusOf(): Promise<Status | null> {
  const { metadata } = await json<{ metadata: { annotations: Record<string, string> } }>([
    '-n',
    namespace,
    'get',
    'deployment',
    name,
  ])
  const text = metadata.annotations['outrigger.dev/status']
  return text === undefined ? null : (JSON.parse(text) as Status)
}

/** All that is neither 200 nor a 429 that a sidecar decided on. */
function lost({ failed, statuses }: LoadResult): number {
  return failed - (statuses['429'] ?? 0)
}

test('annotate a Deployment: it is injected, its limit is learned, replicas follow the traffic up and down', async t => {
  await install()
  t.teardown(() =>
    kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
  )
  // 4 at once, 50 ms each: 80 requests/s a replica.
  await deployModel({
    namespace,
    name,
    replicas: 1,
    deployment: { 'max-replicas': '4', 'latency-objective': '300ms', 'scale-down-window': '20s' },
  })
  await replicasReady(namespace, name, 1)
  await answers(namespace, name)

  const load = await loadOf({ namespace, service: name, rate: 40 })
  t.teardown(() => load.stop())
  await annotateTemplate(namespace, name, { 'outrigger.dev/inject': 'true' })
  const pods = await podsOf(namespace, name)
  t.true(pods.every(hasSidecar), 'injected')
  t.is(lost(load.now()), 0, 'nothing was lost while it was injected')

  await until('the limit is decided', async () => (await statusOf())?.limit, { seconds: 60 })
  await until('all goes through the sidecar', () => load.now().through > 100)

  load.rate(200)
  // Two and a half would do.
  await until(
    'at least three replicas are ready',
    async () => (await podsOf(namespace, name)).filter(isReady).length >= 3,
    { seconds: 90 },
  )
  const events = await kubectl(['-n', namespace, 'get', 'events.events.k8s.io', '-o', 'json'])
  t.regex(events, /"reason": "ScaledUp"/)
  t.regex(events, /"reason": "OutriggerInjected"/)

  load.rate(20)
  await replicasReady(namespace, name, 1, 150)
  // Written at most each 30 s.
  const status = await until(
    'the status says one replica',
    async () => ((await statusOf())?.replicas === 1 ? statusOf() : null),
    { seconds: 45 },
  )
  const result = await load.stop()
  t.log(`${result.sent} requests, ${JSON.stringify(result.statuses)}, limit ${status.limit}`)
  t.is(lost(result), 0, JSON.stringify(result.failures.filter(({ what }) => what !== '429')))
  // Below 4 workers are idle; with 24 in flight each answer takes the 300 ms that it may take.
  t.true(status.limit >= 4 && status.limit <= 24, `limit ${status.limit}`)

  const { spec } = await json<{ spec: { replicas: number } }>([
    '-n',
    namespace,
    'get',
    'deployment',
    name,
  ])
  t.is(spec.replicas, 1)
  const fields = await kubectl([
    '-n',
    namespace,
    'get',
    'deployment',
    name,
    '-o',
    'yaml',
    '--show-managed-fields',
  ])
  t.regex(fields, /manager: outrigger\n/, 'replicas are ours by server-side apply')
})
