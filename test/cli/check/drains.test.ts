import test from 'ava'
import { drains, type DisruptionBudget } from '../../../cli/check/drains.ts'
import type { Finding } from '../../../cli/check/finding.ts'
import { command as check } from '../../../cli/check.ts'
import { deploymentOf, podOf } from '../../controller/kubernetes/support/keep-objects.ts'
import { fakeCluster } from '../support/cluster.ts'
import { answers, install } from '../support/installed.ts'
import { ran } from '../support/run.ts'

type Status = NonNullable<DisruptionBudget['status']>
type Selector = NonNullable<NonNullable<DisruptionBudget['spec']>['selector']>

const all = { disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2 }

function budget(
  selector?: Selector,
  status: Status = all,
  namespace = 'default',
): DisruptionBudget {
  const metadata = { name: 'keep', namespace, uid: 'b' }
  return { metadata, spec: selector === undefined ? {} : { selector }, status }
}

const found = (of: DisruptionBudget, pods = [podOf('model-a', true)]): Finding[] =>
  drains(deploymentOf({}), pods, [of])

test('a budget that lets no pod go is told, with what it wants and that it does not bind us', t => {
  t.deepEqual(found(budget({ matchLabels: { app: 'model' } })), [
    {
      check: 'drains',
      level: 'warning',
      about: 'default/model',
      words:
        'PodDisruptionBudget keep allows no disruption (2 of 2 pods are ready, and it wants 2): ' +
        "node drains will wait. Outrigger's own scaling down is not bound by it.",
      fix: 'Give it maxUnavailable: 1; or, where minAvailable is a number, keep more replicas than that (outrigger.dev/min-replicas).',
    },
  ])
  const [passing] = found(budget({}, { ...all, expectedPods: 3 }))
  t.regex(passing?.words ?? '', /\(2 of 3 pods are ready, and it wants 2\)/)
  t.regex(passing?.fix ?? '', /^Wait until more of its pods are ready/)
  const message = 'found no controller for pod "model-a"'
  const failed = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message }
  const [unsure] = found(budget({}, { ...all, expectedPods: 3, conditions: [failed] }))
  t.regex(unsure?.words ?? '', /\(found no controller for pod "model-a"\)/)
  t.regex(unsure?.fix ?? '', /^Give it maxUnavailable: 1/)
})

test('nothing is told of a budget that lets one go, has no pod of it, or is elsewhere', t => {
  t.deepEqual(found(budget({}, { ...all, disruptionsAllowed: 1 })), [])
  t.deepEqual(found({ metadata: budget().metadata, spec: { selector: {} } }), [], 'not counted yet')
  t.deepEqual(found(budget({}, all, 'other')), [])
  t.deepEqual(found(budget({}), []), [], 'at zero there is nothing to drain')
  const leaving = podOf('model-a', true, {
    metadata: { deletionTimestamp: '2026-03-01T12:00:00Z' },
  })
  const ended = { ...podOf('model-b', true), status: { phase: 'Succeeded' } }
  t.deepEqual(found(budget({}), [leaving, ended]), [])
})

const selectors: [boolean, Selector | undefined][] = [
  [true, {}],
  [false, undefined],
  [true, { matchLabels: { app: 'model' } }],
  [false, { matchLabels: { app: 'model', tier: 'x' } }],
  [true, { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'model'] }] }],
  [false, { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a'] }] }],
  [true, { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a'] }] }],
  [false, { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['model'] }] }],
  [true, { matchExpressions: [{ key: 'app', operator: 'Exists' }] }],
  [false, { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }],
  [true, { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }],
  [false, { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }],
  [false, { matchExpressions: [{ key: 'app', operator: 'Gt', values: ['0'] }] }],
  [false, { matchLabels: { app: 'a' }, matchExpressions: [{ key: 'app', operator: 'Exists' }] }],
]
for (const [selected, selector] of selectors) {
  test(`${JSON.stringify(selector)} selects ${selected ? 'the pod' : 'none'}`, t => {
    t.is(found(budget(selector)).length, selected ? 1 : 0)
  })
}

test.serial('`outrigger check` tells of it, and that all is well when it is gone', async t => {
  const { api } = await fakeCluster(t, [])
  install(api)
  api.fault = answers()
  const annotations = {
    'outrigger.dev/endpoint': 'default/model',
    'outrigger.dev/app-port': '8080',
  }
  const pod = podOf('model-a', true, { metadata: { annotations } })
  for (const [path, object] of [
    ['/apis/apps/v1/namespaces/default/deployments/model', deploymentOf({})],
    ['/api/v1/namespaces/default/pods/model-a', pod],
    ['/apis/policy/v1/namespaces/default/poddisruptionbudgets/keep', budget({})],
  ] as const)
    api.store.put(path, object as never)
  const { out } = await ran(check, '--cluster', '--json')
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  t.like(
    findings.filter(each => each.check === 'drains'),
    [{ level: 'warning', about: 'default/model' }],
  )
  api.store.remove('/apis/policy/v1/namespaces/default/poddisruptionbudgets/keep')
  const { out: text } = await ran(check, '--cluster')
  t.regex(text, /ok +drains +No PodDisruptionBudget holds all pods of an endpoint\./)
})
