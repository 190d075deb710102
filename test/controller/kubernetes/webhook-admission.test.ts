import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { inject } from '../../../controller/kubernetes/inject/inject.ts'
import { WebhookFigures } from '../../../controller/kubernetes/webhook/figures.ts'
import { injectAdmission } from '../../../controller/kubernetes/webhook/inject.ts'
import { ownerOf } from '../../../controller/kubernetes/webhook/owner.ts'
import {
  parseReview,
  type AdmissionRequest,
} from '../../../controller/kubernetes/webhook/review.ts'
import {
  ScaleChanges,
  scaledAdmission,
  type ScaleChange,
} from '../../../controller/kubernetes/webhook/scaled.ts'
import { Teller, type Saying } from '../../../controller/kubernetes/webhook/tell.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'
import { until } from '../../support/hand-time.ts'
import { podOf, reviewOf } from './support/webhook-client.ts'

function requestOf(over: Record<string, unknown> = {}): AdmissionRequest {
  const parsed = parseReview(JSON.stringify(reviewOf(over)))
  if (!parsed.ok) throw new Error(parsed.why)
  return parsed.request
}

const context = {
  image: 'outrigger:1',
  pullPolicy: 'IfNotPresent',
  rootKey: 'cm9vdA==',
  drainSecret: 'secret',
  excluded: ['kube-system'],
  resources: {},
}

async function desk(t: ExecutionContext) {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  const said: Saying[] = []
  const figures = new WebhookFigures()
  const teller = new Teller(api.kube(), { say: saying => void said.push(saying) })
  const decide = (pod: unknown, namespace: string) => inject(pod, { ...context, namespace })
  return { api, said, figures, desk: { decide, teller, figures } }
}

test('a pod that asked is injected; its Deployment is told once for each template', async t => {
  const { api, said, figures, desk: used } = await desk(t)
  const { metadata } = api.store.put('/apis/apps/v1/namespaces/default/deployments/model', {})
  for (let i = 0; i < 3; i++) {
    const { patch = [], audit } = injectAdmission(requestOf(), used)
    t.true(patch.length > 3)
    t.regex(audit?.verdict ?? '', /^injected/)
  }
  await until(() => said.length === 1)
  const pod = podOf() as { metadata: { labels: Record<string, string> } }
  const text = JSON.stringify(pod).replaceAll('5d4f8c7b9', '77777aaaaa')
  injectAdmission(requestOf({ object: JSON.parse(text) }), used)
  await until(() => said.length === 2)
  t.deepEqual(said[0]?.regarding, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: 'default',
    name: 'model',
    uid: metadata.uid,
  })
  t.is(said[0]?.type, 'Normal')
  t.is(said[0]?.reason, 'OutriggerInjected')
  t.is(figures.numbers().injected, 4)
})

test('a pod that can not be injected runs as it is, and its owner is told why', async t => {
  const { said, figures, desk: used } = await desk(t)
  const { patch, warnings = [] } = injectAdmission(requestOf({ namespace: 'kube-system' }), used)
  t.deepEqual(patch, [])
  t.regex(warnings.join(' '), /kube-system/)
  await until(() => said.length === 1)
  t.is(said[0]?.type, 'Warning')
  t.is(said[0]?.reason, 'OutriggerSkipped')
  t.regex(said[0]?.note ?? '', /kube-system/)
  t.is(said[0]?.regarding.uid, undefined, 'no such Deployment: told all the same')
  t.deepEqual(figures.numbers().skipped, { 'excluded-namespace': 1 })
})

test('a dry run is answered the same, and nobody is told', async t => {
  const { said, desk: used } = await desk(t)
  const dry = injectAdmission(requestOf({ dryRun: true }), used)
  t.deepEqual(dry, injectAdmission(requestOf(), used))
  await until(() => said.length > 0)
  t.is(said.length, 1)
})

test('what is no pod that is made passes unchanged', async t => {
  const { said, figures, desk: used } = await desk(t)
  const deployments = { group: 'apps', version: 'v1', resource: 'deployments' }
  const others = [
    { operation: 'UPDATE' },
    { operation: 'DELETE', object: null },
    { subResource: 'eviction' },
    { resource: deployments },
    { object: null },
  ]
  for (const each of others) t.deepEqual(injectAdmission(requestOf(each), used), {})
  t.is(figures.numbers().other, others.length)
  t.is(said.length, 0)
})

test('whatever pod arrives: the real injector and the telling of its owner never throw', async t => {
  const { desk: used } = await desk(t)
  const quiet = { ...used, teller: { tell: () => undefined } }
  const part = fc.constantFrom('metadata', 'spec', 'apiVersion', '__proto__')
  const inner = fc.constantFrom('labels', 'annotations', 'containers', 'ownerReferences', 'name')
  fc.assert(
    fc.property(
      part,
      inner,
      fc.jsonValue({ maxDepth: 3 }),
      fc.boolean(),
      (of, key, value, whole) => {
        const pod = podOf() as Record<string, Record<string, unknown>>
        if (whole) (pod as Record<string, unknown>)[of] = value
        else pod[of] = { ...pod[of], [key]: value }
        const parsed = parseReview(JSON.stringify(reviewOf({ object: pod })))
        if (!parsed.ok) return true
        injectAdmission(parsed.request, quiet)
        return true
      },
    ),
    { numRuns: 500 },
  )
  t.pass()
})

test('owners: of a Deployment by its template, of others by name, of nobody none', t => {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', controller: true }
  t.deepEqual(ownerOf({ metadata: { ownerReferences: [owner] } }, 'a'), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    namespace: 'a',
    name: 'j',
    uid: 'u',
    template: '',
  })
  t.is(ownerOf({ metadata: {} }, 'a'), null)
  t.is(ownerOf({ metadata: { name: 'p' } }, 'a')?.kind, 'Pod')
  const foreign = { ...owner, kind: 'ReplicaSet', name: 'not-of-a-hash' }
  const labels = { 'pod-template-hash': '5d4f8c7b9' }
  t.is(ownerOf({ metadata: { labels, ownerReferences: [foreign] } }, 'a')?.kind, 'ReplicaSet')
})

const scale = (replicas?: number) => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  spec: replicas === undefined ? {} : { replicas },
})
const scaling = (over: Record<string, unknown>) => ({
  operation: 'UPDATE',
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subResource: 'scale',
  name: 'model',
  userInfo: { username: 'jane@example.com' },
  object: scale(5),
  oldObject: scale(2),
  ...over,
})

function changesOf(over: Record<string, unknown>): ScaleChange[] {
  const noted: ScaleChange[] = []
  const figures = new WebhookFigures()
  const note = (change: ScaleChange): void => void noted.push(change)
  const answer = scaledAdmission(requestOf(scaling(over)), { now: () => 7, note, figures })
  if (Object.keys(answer).length > 0) throw new Error('expected nothing but allowed')
  return noted
}

test('names that no object can have are nobody: they would be parts of paths', t => {
  const of = (owner: object, namespace = 'models') =>
    ownerOf(
      {
        metadata: {
          labels: { 'pod-template-hash': 'h' },
          ownerReferences: [
            {
              apiVersion: 'apps/v1',
              kind: 'ReplicaSet',
              name: 'm-h',
              uid: 'u',
              controller: true,
              ...owner,
            },
          ],
        },
      },
      namespace,
    )
  t.is(of({})?.name, 'm')
  for (const name of [
    '../../../../api/v1/namespaces/x/secrets/y-h',
    'm?x=-h',
    'm#-h',
    'M-h',
    'm%2f-h',
    '-h',
    '',
  ])
    t.is(of({ name }), null, name)
  t.is(of({ kind: 'a/b' }), null)
  t.is(of({ apiVersion: 'v1?' }), null)
  for (const namespace of ['', 'a/../b', 'a?b', '..']) t.is(of({}, namespace), null, namespace)
  t.is(ownerOf({ metadata: { name: '../x' } }, 'models'), null)
})

test('a note is as long as an Event may have it, however much there is to say', async t => {
  const { said, desk: used } = await desk(t)
  used.teller.tell(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'models', name: 'a', template: '' },
    'Warning',
    'OutriggerSkipped',
    'x'.repeat(100_000),
  )
  await until(() => said.length === 1)
  t.is(said[0]?.note.length, 1000)
})

test('who changed replicas is noted, through scale or the Deployment itself', t => {
  const change = { endpoint: 'default/model', from: 2, to: 5, who: 'jane@example.com', at: 7 }
  t.deepEqual(changesOf({}), [change])
  const whole = { object: { spec: { replicas: 5 } }, oldObject: { spec: { replicas: 2 } } }
  t.deepEqual(changesOf({ ...whole, subResource: undefined }), [change])
  t.deepEqual(changesOf({ object: scale() }), [{ ...change, to: 0 }], 'a Scale of 0 says nothing')
  t.deepEqual(
    changesOf({ subResource: '', object: { spec: {} }, oldObject: { spec: { replicas: 2 } } }),
    [{ ...change, to: 1 }],
  )
  t.deepEqual(changesOf({ userInfo: undefined }), [{ ...change, who: null }])
})

test('nothing is noted where nothing changed, in a dry run, or of anything else', t => {
  t.deepEqual(changesOf({ object: scale(2) }), [])
  t.deepEqual(changesOf({ dryRun: true }), [])
  t.deepEqual(changesOf({ operation: 'CREATE' }), [])
  t.deepEqual(changesOf({ subResource: 'status' }), [])
  t.deepEqual(changesOf({ oldObject: null }), [])
  t.deepEqual(changesOf({ object: { spec: { replicas: -1 } } }), [])
  t.deepEqual(changesOf({ object: { spec: 'x' } }), [])
  t.deepEqual(changesOf({ resource: { group: '', version: 'v1', resource: 'pods' } }), [])
})

test('who is known for what was seen, and unknown for the rest; memory is bounded', t => {
  const changes = new ScaleChanges()
  const change = { endpoint: 'a/b', from: 1, to: 2, who: 'jane', at: 10 }
  changes.note(change)
  changes.note({ ...change, to: 3, who: 'john', at: 20 })
  t.is(changes.who('a/b', 2, 0)?.who, 'jane')
  t.is(changes.who('a/b', 2, 11), null, 'an older change is not this one')
  t.is(changes.who('a/b', 9, 0), null)
  t.is(changes.who('a/c', 2, 0), null)
  for (let i = 0; i < 20; i++) changes.note({ ...change, at: i })
  t.is(changes.of('a/b').length, 8)
  for (let i = 0; i < 2500; i++) changes.note({ ...change, endpoint: `n/${i}` })
  t.is(changes.of('a/b').length, 0)
  t.is(changes.of('n/2499').length, 1)
})
