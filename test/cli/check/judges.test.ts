import test from 'ava'
import { judgeClocks } from '../../../cli/check/clocks.ts'
import { judgeCluster, type ClusterFacts } from '../../../cli/check/cluster.ts'
import { judgeEndpoints, type EndpointsFacts } from '../../../cli/check/endpoints.ts'
import type { Finding } from '../../../cli/check/finding.ts'
import { liveFindings, type Live } from '../../../cli/check/live.ts'
import { shownReport } from '../../../cli/check/print.ts'
import { judgeMachine } from '../../../cli/check/machine.ts'
import { judgeRelease, type ReleaseFacts } from '../../../cli/check/release.ts'
import { deploymentOf, podOf, serviceOf } from '../../controller/kubernetes/support/keep-objects.ts'
import { ownPod } from '../support/installed.ts'

/** "failure check about: words" of what is not well. */
const bad = (findings: Finding[]): string[] =>
  findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check, about, words }) => `${level} ${check} ${about}: ${words}`)

const node = (name: string, kubeletVersion: string, ready = 'True'): object => ({
  metadata: { name },
  status: { nodeInfo: { kubeletVersion }, conditions: [{ type: 'Ready', status: ready }] },
})

test('clusters that are too old, or lack something', t => {
  const facts = (over: object): ClusterFacts => ({
    version: 'v1.36.0',
    release: 'ml',
    nodes: { value: [] },
    admission: { value: true },
    dns: { value: 1 },
    storage: null,
    namespace: { value: null },
    ...over,
  })
  t.deepEqual(bad(judgeCluster(facts({}))), [])
  const nodes = { value: [node('a', 'v1.28.3'), node('b', 'v1.36.0', 'Unknown')] }
  const storage = { value: { names: ['slow'], byDefault: null } }
  const terminating = { value: { metadata: {}, status: { phase: 'Terminating' } } }
  const poor = {
    version: 'v1.32.1',
    nodes,
    admission: { value: false },
    storage,
    namespace: terminating,
  }
  t.deepEqual(bad(judgeCluster(facts(poor))), [
    'warning api-version : Kubernetes 1.32.1. Mode rename needs 1.33.',
    'failure kubelets a: Their kubelets are of v1.28.3.',
    'warning kubelets b: Not ready.',
    'failure admission : It knows no admissionregistration.k8s.io/v1.',
    'warning storage : None of slow is the default: the controllers wait for their volume.',
    'failure namespace ml: It is being deleted.',
  ])
  t.regex(bad(judgeCluster(facts({ version: 'v1.28.0' }))).join(), /^failure api-version/)
})

test('clocks: ahead is a failure, behind may be a late renewal', t => {
  const nodes = {
    value: [
      { name: 'a', at: 10_000 },
      { name: 'b', at: 21_000 },
      { name: 'c', at: -90_000 },
    ],
  }
  const controller = { value: { name: 'outrigger-controller-0', at: -9000 } }
  t.deepEqual(bad(judgeClocks({ serverTime: 10_000, time: 3000, nodes, controller })), [
    "warning clock-own : This machine's clock is 7 s behind.",
    'failure clock-nodes b: Its clock is 11 s ahead.',
    'warning clock-nodes c: Its clock is 100 s behind, or it has not renewed its lease since.',
    'warning clock-controller outrigger-controller-0: Its clock is 19 s behind, or it has not renewed its lease since.',
  ])
})

test('releases without a leader, with old images, or with pods that never came', t => {
  const lease = (holderIdentity: string, ago: number): ReleaseFacts['lease'] => ({
    value: {
      metadata: { name: 'outrigger-controller' },
      spec: {
        holderIdentity,
        renewTime: new Date(100_000 - ago).toISOString(),
        leaseDurationSeconds: 15,
      },
    },
  })
  const pods = [
    ownPod('outrigger-controller-0', 'controller'),
    ownPod('outrigger-edge-a', 'edge', { phase: 'Pending', conditions: [] }),
  ]
  const facts = (over: object): ReleaseFacts => ({
    release: 'ml',
    versions: { installed: '0.1.0', own: '0.4.0' },
    pods: { value: pods as never },
    lease: lease('outrigger-controller-0_x', 0),
    now: 100_000,
    unready: { value: null },
    ...over,
  })
  t.deepEqual(bad(judgeRelease(facts({}))), [
    'failure pods ml/outrigger-aggregator: There is no pod of it.',
    'failure pods ml/outrigger-edge-a: No scheduler has looked at it.',
    'warning version : The release is 0.1.0, this command 0.4.0.',
  ])
  const leases = (over: ReleaseFacts['lease']): string[] =>
    bad(judgeRelease(facts({ lease: over }))).filter(each => each.includes(' lease '))
  t.deepEqual(leases(lease('', 0)), ['failure lease : Nobody holds it.'])
  t.deepEqual(leases(lease('outrigger-controller-0_x', 20_000)), [
    'failure lease : outrigger-controller-0 holds it and renewed it 20 s ago.',
  ])
  t.deepEqual(leases(lease('outrigger-controller-1_x', 0)), [
    'failure lease : outrigger-controller-1 holds it, and the Service leads to outrigger-controller-0.',
  ])
})

const endpoint = { 'outrigger.dev/endpoint': 'default/model', 'outrigger.dev/app-port': '8080' }
const injected = (name: string, over: object = {}): ReturnType<typeof podOf> =>
  podOf(name, true, {
    metadata: {
      annotations: { 'outrigger.dev/inject': 'true', 'outrigger.dev/mode': 'rename', ...endpoint },
    },
    spec: { initContainers: [{ name: 'outrigger', image: 'outrigger:1' }] },
    ...over,
  })

test('endpoints: each of what may be wrong', t => {
  const facts = (over: Partial<EndpointsFacts>): EndpointsFacts => ({
    release: 'outrigger-system',
    image: 'outrigger:1',
    now: 0,
    unread: [],
    misplaced: [],
    deployments: [deploymentOf({})],
    pods: [injected('model-a')],
    services: [serviceOf('http')],
    hpas: [],
    scaledObjects: [],
    budgets: [],
    live: new Map(),
    ...over,
  })
  t.deepEqual(bad(judgeEndpoints(facts({}))), [])
  const own = { 'outrigger.dev/max-replicas': 'many' }
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'model' }
  const hpa = {
    metadata: { name: 'h', namespace: 'default', uid: 'u' },
    spec: { scaleTargetRef: target },
  }
  const waiting = { ...injected('model-b') }
  waiting.status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] }
  const found = bad(
    judgeEndpoints(
      facts({
        image: 'outrigger:2',
        deployments: [deploymentOf({ own })],
        pods: [injected('model-a'), waiting, podOf('model-c', false)],
        services: [serviceOf(8080)],
        hpas: [hpa],
      }),
    ),
  )
  t.deepEqual(
    found.map(each => each.split(': ')[0]),
    [
      'warning sidecars default/model-b',
      'failure sidecar-missing default/model',
      'warning sidecar-version default/model',
      'failure annotations default/model',
      'failure rivals default/model',
      'failure services default/model',
    ],
  )
  t.regex(found[3] ?? '', /outrigger\.dev\/max-replicas: expected an integer.*, got "many"\.$/)
  t.deepEqual(bad(judgeEndpoints(facts({ deployments: [], misplaced: ['a/b'] }))), [
    'failure sidecar-missing a/b: outrigger.dev/inject is on the Deployment, and belongs on its pod template.',
  ])
  const elsewhere = podOf('model-c', false)
  elsewhere.metadata.namespace = 'other'
  t.deepEqual(bad(judgeEndpoints(facts({ pods: [elsewhere] }))), [], 'of the same name elsewhere')
  const claiming = injected('model-d', {
    spec: { initContainers: [{ name: 'outrigger', image: 'other:1' }] },
  })
  claiming.metadata.namespace = 'other'
  claiming.status = { phase: 'Running', conditions: [] }
  const claimed = facts({ pods: [injected('model-a'), claiming] })
  t.deepEqual(bad(judgeEndpoints(claimed)), [], 'one elsewhere that says it is of it')
  // Limits only, as was asked for.
  const freeze = deploymentOf({ own: { 'outrigger.dev/freeze': 'replicas' } })
  t.deepEqual(bad(judgeEndpoints(facts({ deployments: [freeze], hpas: [hpa] }))), [])
})

test('replicas that are silent, or follow different orders', t => {
  const row = (replica: string, n: number | null, ageMs = 0) => ({
    replica,
    ageMs,
    order: n === null ? null : { epoch: 1, n },
  })
  const live = new Map<string, Live>([
    ['a/a', { value: { coverage: 1000, orders: [row('x', 3), row('y', 3)] } }],
    ['a/b', { value: { coverage: 900, orders: [row('x', 3), row('y', 2), row('z', 1, 9000)] } }],
    ['a/c', { why: 'forbidden' }],
  ])
  t.deepEqual(bad(liveFindings(['a/a', 'a/b', 'a/c', 'a/d'], live)), [
    'warning signals a/c: Not known: forbidden.',
    'failure signals a/b: Silent: z.',
    'failure orders a/b: The replicas follow different orders (epoch/number): 1/2, 1/3.',
  ])
})

test('machines that are not fit', t => {
  const findings = judgeMachine({
    node: '20.1.0',
    state: '/s',
    unwritable: 'EACCES',
    plan: { file: 'outrigger.yaml', problems: ['port 80 is in use'] },
    log: { records: 3, broken: 'Record 2 was changed.' },
  })
  t.deepEqual(bad(findings), [
    'failure node 22.15: Node.js 20.1.0.',
    'failure state-folder /s: EACCES.',
    'failure plan outrigger.yaml: port 80 is in use',
    'failure log : Record 2 was changed.',
  ])
})

test('what tenants write does not steer the terminal of who looks', t => {
  const words = 'All are of evil\u001b[2J\u009b31m\u202eexe:1.\n0 failures.'
  const finding: Finding = {
    check: 'sidecar-version',
    level: 'warning',
    about: 'a/b',
    words,
    fix: words,
  }
  const shown = shownReport({ of: 'It', stage: 'after', findings: [finding] })
  t.notRegex(shown.replaceAll('\n', ''), /[\p{Cc}\p{Bidi_Control}]/u)
  t.is(shown.split('\n').length, 5)
})
