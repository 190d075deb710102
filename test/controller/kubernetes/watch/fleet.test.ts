import test from 'ava'
import { rivalOf, wordsOf } from '../../../../controller/kubernetes/watch/conflicts.ts'
import { portsToGive } from '../../../../controller/kubernetes/watch/edge-ports.ts'
import { Fleet, type Usage } from '../../../../controller/kubernetes/watch/fleet.ts'
import { check } from '../../../../core/model/schema.ts'
import { platform } from '../../../../core/model/tables.ts'
import { at, deployment, pod } from '../support/objects.ts'

const usage = new Map<string, Usage>()
let held: number | null = null
function fleet(): Fleet {
  return new Fleet({
    boot: 'boot',
    aggregator: 'aggregator:15030',
    edgeAdminPort: 15_001,
    usage: name => usage.get(name) ?? null,
    held: () => held,
  })
}
const X = 'shop/model'
const first = (of: Fleet) => of.table().endpoints[0]
const nameIn = ({ metadata }: { metadata: { namespace: string; name: string } }): string =>
  `${metadata.namespace}/${metadata.name}`

test('rows are the injected pods of the Deployment, the eldest first; others speak for themselves only', t => {
  const of = fleet()
  of.takeDeployment(X, deployment(X, { replicas: 3 }))
  for (const each of [pod(X, 'b', { created: 9 }), pod(X, 'a')]) of.takePod(nameIn(each), each)
  const stray = pod(X, 'c')
  stray.metadata.ownerReferences = [{ kind: 'ReplicaSet', name: 'other-aaa', uid: 'o' }]
  of.takePod('shop/c', stray)
  const elsewhere = pod(X, 'd')
  elsewhere.metadata.namespace = 'other'
  of.takePod('other/d', elsewhere)
  const row = first(of)
  t.deepEqual(
    row?.replicas.map(r => r.replica),
    ['model-aaa-a', 'model-aaa-b'],
  )
  t.like(row, { desired: 3, port: 0, revision: 'revision0000000a' })
})

test('whatever pods are made to say of themselves, the table is one that every contract carries', t => {
  const of = fleet()
  of.takeDeployment(X, deployment(X, { replicas: 9 }))
  const odd = (suffix: string, annotations: Record<string, string>, loopback = {}): void => {
    const each = pod(X, suffix, { annotations: { ...annotations, ...loopback } })
    of.takePod(nameIn(each), each)
  }
  const mode = { 'outrigger.dev/mode': 'loopback' }
  for (const [i, text] of ['Not One!', '', 'x'.repeat(65), '__proto__'].entries())
    odd(`r${i}`, { 'outrigger.dev/revision': text })
  for (const [i, text] of ['80.5', '0.5', '-1', '65536', '1e3', 'NaN', '__proto__'].entries())
    odd(`p${i}`, { 'outrigger.dev/admin-port': text, 'outrigger.dev/app-port': text }, mode)
  odd('x'.repeat(120), {})
  odd('e', { 'outrigger.dev/endpoint': `${X}/more` })
  const table = of.table()
  t.deepEqual(check(platform, table), { ok: true, value: table })
  t.is(first(of)?.replicas.length, 11)
})

test('what waits at a load balancer is as much as its page says, within bounds', t => {
  const of = fleet()
  of.takeDeployment(X, deployment(X))
  for (const [says, counts] of [
    [null, null],
    [7, 7],
    [1e300, 1_000_000],
  ] as const) {
    held = says
    const table = of.table()
    t.is(table.endpoints[0]?.held, counts)
    t.true(check(platform, table).ok)
  }
  held = null
})

test('the version grows with what matters, and with nothing else', t => {
  const of = fleet()
  const made = deployment(X, { replicas: 1 })
  of.takeDeployment(X, made)
  const a = pod(X, 'a')
  of.takePod(nameIn(a), a)
  const { version } = of.table()
  t.true(version > 0)
  usage.set('shop/model-aaa-a', { cpuPermille: 5, memoryPermille: null })
  const labelled = structuredClone(a)
  labelled.metadata.labels = { ...labelled.metadata.labels, x: 'y' }
  of.takePod(nameIn(a), labelled)
  t.is(of.table().version, version)
  t.deepEqual(first(of)?.replicas[0]?.usage, { cpuPermille: 5, memoryPermille: null })
  of.takeDeployment(X, deployment(X, { replicas: 2 }))
  t.is(of.table().version, version + 1)
  t.deepEqual(of.desired(X), { replicas: 2, setAt: version + 1, version: version + 1 })
  of.takePod(nameIn(a), null)
  t.is(of.table().version, version + 2)
  t.is(of.desired(X)?.setAt, version + 1)
  of.takeDeployment(X, null)
  t.deepEqual(of.table().endpoints, [])
  usage.clear()
})

test('when a pod was first ready stays, and one that is ready no more is not starting', t => {
  const of = fleet()
  of.takeDeployment(X, deployment(X))
  const put = (parts: Parameters<typeof pod>[2]) => {
    const made = pod(X, 'a', parts)
    of.takePod(nameIn(made), made)
    return first(of)?.replicas[0]
  }
  t.is(put({ ready: false })?.state, 'starting')
  const ready = put({ readyAt: 2 })?.ready
  t.is(put({ ready: false })?.state, 'not-ready')
  t.is(put({ readyAt: 500 })?.ready, ready)
})

test('the revision is that of the newest template that has pods, and stays when they are gone', t => {
  const of = fleet()
  const status = { replicas: 1, updatedReplicas: 1, observedGeneration: 1 }
  of.takeDeployment(X, deployment(X, { status }))
  t.is(first(of)?.revision, 'template00000000')
  const put = (suffix: string, parts: Parameters<typeof pod>[2]): void => {
    const made = pod(X, suffix, parts)
    of.takePod(nameIn(made), made)
  }
  put('a', { created: 0 })
  put('n', { created: 50, hash: 'bbb', revision: 'revision0000000b' })
  // A rollout under way may give the old template a pod, too.
  put('late', { created: 60 })
  t.is(first(of)?.revision, 'revision0000000b')
  for (const name of ['aaa-a', 'aaa-late', 'bbb-n']) of.takePod(`shop/model-${name}`, null)
  t.is(first(of)?.revision, 'revision0000000b')
})

test('what keeps pods from being made is said of the endpoint; pods that ended are no replicas', t => {
  const of = fleet()
  const condition = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: 'pods "model-x" is forbidden: exceeded quota: compute',
  }
  of.takeDeployment(X, deployment(X, { replicas: 2, status: { conditions: [condition] } }))
  t.is(
    first(of)?.why,
    'no more pods: FailedCreate: pods "model-x" is forbidden: exceeded quota: compute',
  )
  of.takeDeployment(X, deployment(X, { replicas: 2, status: { replicas: 2 } }))
  t.is(first(of)?.why, '2 of its pods have no sidecar: they are not counted')
  of.takeDeployment(X, deployment(X, { replicas: 1 }))
  const evicted = pod(X, 'a', { status: { phase: 'Failed', reason: 'Evicted' } })
  of.takePod(nameIn(evicted), evicted)
  t.like(first(of), { why: 'model-aaa-a: Evicted', replicas: [] })
})

test('a paused rollout is said of the endpoint where it matters, before what else is wrong', t => {
  const of = fleet()
  const said = (parts: Parameters<typeof deployment>[1]) => {
    of.takeDeployment(X, deployment(X, { replicas: 2, paused: true, ...parts }))
    return first(of)?.why ?? null
  }
  for (const suffix of ['a', 'b']) {
    const made = pod(X, suffix)
    of.takePod(nameIn(made), made)
  }
  t.is(said({ status: { replicas: 2, updatedReplicas: 2 } }), null, 'the pods are as it says')
  t.is(said({ status: { replicas: 2 }, paused: false }), null, 'a rollout under way')
  t.is(
    said({ status: { replicas: 2 } }),
    'rollout is paused: 2 of 2 pods are of an older template, and so are those that scaling adds',
  )
  t.is(
    said({ status: { replicas: 3, updatedReplicas: 2 } }),
    'rollout is paused: 1 of 3 pods is of an older template, and so may be those that scaling adds',
  )
  const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' }
  const conditions = [{ ...failure, message: `exceeded quota: ${'x'.repeat(300)}` }]
  const both = said({ replicas: 3, status: { replicas: 2, conditions } }) ?? ''
  t.regex(
    both,
    /^rollout is paused: 2 of 2 .*; no more pods: FailedCreate: exceeded quota: x+\.\.\.$/,
  )
  t.is(both.length, 300)
})

test('a Deployment that was paused before its first rollout has no pods, and it is said why', t => {
  const of = fleet()
  const said = (replicas: number) => {
    of.takeDeployment(X, deployment(X, { replicas, paused: true, status: {} }))
    return first(of)?.why
  }
  t.is(
    said(1),
    'rollout is paused, and there is no pod yet: before its first rollout a Deployment gets none',
  )
  t.is(said(0), null)
})

test('edges are rows with their admin address', t => {
  const of = fleet()
  const edge = pod(X, 'e', { status: { podIP: 'fd00::1' } })
  of.takeEdgePod('outrigger-system/e', edge)
  t.deepEqual(of.table().edges, [{ edge: 'model-aaa-e', admin: '[fd00::1]:15001' }])
  t.is(of.table().version, 1)
})

test('edge ports: kept, given in order, never twice; a copy of a Deployment gets its own', t => {
  const edge = { 'outrigger.dev/edge': 'true' }
  const withPort = (port: string) => ({ ...edge, 'outrigger.dev/edge-port': port })
  const all = [
    deployment('a/copy', { annotations: withPort('20001'), created: 9 }),
    deployment('a/kept', { annotations: withPort('20001') }),
    deployment('a/odd', { annotations: withPort('80') }),
    deployment('a/none', {}),
    deployment('a/fresh', { template: edge, created: 5 }),
  ]
  t.deepEqual(
    [...portsToGive(all)],
    [
      ['a/odd', 20_000],
      ['a/fresh', 20_002],
      ['a/copy', 20_003],
    ],
  )
  const of = fleet()
  of.takeDeployment('a/kept', all[1] ?? null)
  t.is(first(of)?.port, 20_001)
})

test('an edge port stays with who has it: nobody gets the requests of another by writing its number', t => {
  const of = fleet()
  const with20k = (name: string, created: number) =>
    deployment(name, {
      created,
      annotations: { 'outrigger.dev/edge': 'true', 'outrigger.dev/edge-port': '20000' },
    })
  const portsNow = (): [string, number][] =>
    of.table().endpoints.map(({ endpoint, port }) => [endpoint, port])
  of.takeDeployment(X, with20k(X, 100))
  t.deepEqual(portsNow(), [[X, 20_000]])
  of.takeDeployment('a/thief', with20k('a/thief', 0))
  t.deepEqual(portsNow(), [
    ['a/thief', 0],
    [X, 20_000],
  ])
  t.deepEqual([...portsToGive(of.deployments())], [['a/thief', 20_001]])
  of.takeDeployment(X, null)
  of.takeDeployment('a/thief', with20k('a/thief', 0))
  t.deepEqual(portsNow(), [['a/thief', 20_000]])
  const anew = fleet()
  for (const [name, created] of [
    ['a/copy', 9],
    [X, 1],
  ] as const)
    anew.takeDeployment(name, with20k(name, created))
  t.deepEqual(
    anew.table().endpoints.map(({ port }) => port),
    [0, 20_000],
  )
})

test('who else scales: ScaledObject before HPA, by kind, name and namespace', t => {
  const target = (ref: object, namespace = 'shop', leaving = false) => ({
    metadata: {
      name: 'h',
      namespace,
      uid: 'u',
      ...(leaving ? { deletionTimestamp: at(0) } : {}),
    },
    spec: { scaleTargetRef: ref },
  })
  const mine = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'model' }
  const of = deployment(X)
  t.is(rivalOf(of, [target({ ...mine, kind: 'StatefulSet' }), target(mine, 'other')], []), null)
  t.is(rivalOf(of, [target(mine, 'shop', true)], []), null)
  const hpa = rivalOf(of, [target(mine)], [])
  t.deepEqual(hpa, { kind: 'HorizontalPodAutoscaler', name: 'shop/h' })
  t.is(rivalOf(of, [target(mine)], [target({ name: 'model' })])?.kind, 'ScaledObject')
  t.regex(hpa === null ? '' : wordsOf(hpa), /kubectl delete hpa -n shop h/)
})
