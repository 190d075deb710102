import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { outrigger } from './support/cli.ts'
import { install, json, kubectl, until } from './support/cluster.ts'
import { annotateTemplate, deployModel, replicasReady } from './support/model.ts'

const namespace = 'migrate'
const name = 'model'

const hpa = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name, namespace },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: 2,
    maxReplicas: 3,
  },
}

const applyHpa = (): Promise<string> =>
  kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(hpa))

async function replicas(): Promise<number> {
  const deployment = ['-n', namespace, 'get', 'deployment', name]
  const { spec } = await json<{ spec: { replicas: number } }>(deployment)
  return spec.replicas
}

async function eventsOf(reason: string): Promise<string> {
  const path = 'jsonpath={range .items[*]}{.note}{"\\n"}{end}'
  const of = `--field-selector=reason=${reason}`
  return kubectl(['-n', namespace, 'get', 'events.events.k8s.io', of, '-o', path])
}

const explained = (): Promise<string> =>
  outrigger('explain', `${namespace}/${name}`, '--cluster').then(({ out }) => out)

test.before(() => install())
test.after.always(() =>
  kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
)

test('from an HPA, and back: as docs/migrate.md tells', async t => {
  const deployment = { 'max-replicas': '4', 'scale-down-window': '10s' }
  await deployModel({ namespace, name, replicas: 2, deployment })
  await applyHpa()
  await annotateTemplate(namespace, name, { 'outrigger.dev/inject': 'true' })
  await replicasReady(namespace, name, 2)
  await until('it says who scales already, and what to do', async () =>
    (await eventsOf('Refused')).includes(`kubectl delete hpa -n ${namespace} ${name}`),
  )
  await until('a decision names the HPA', async () =>
    (await explained()).includes(`HorizontalPodAutoscaler ${namespace}/${name}`),
  )
  await sleep(12_000)
  t.is(await replicas(), 2, 'with nothing to do it would be one')

  await kubectl(['-n', namespace, 'delete', 'hpa', name])
  await until('replicas are ours', async () => (await replicas()) === 1, { seconds: 90 })
  t.regex(await eventsOf('ScaledDown'), /2 to 1 replicas/, 'from the count that was there')

  await applyHpa()
  await until('the HPA has its least', async () => (await replicas()) === 2, { seconds: 90 })
  await sleep(20_000)
  t.is(await replicas(), 2, 'nobody undoes it')
})
