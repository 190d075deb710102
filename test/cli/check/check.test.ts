import test from 'ava'
import { version } from '../../../cli/version.ts'
import { command as check } from '../../../cli/check.ts'
import type { Finding } from '../../../cli/check/finding.ts'
import type { Route } from '../../../core/runtime/admin.ts'
import { folder } from '../../controller/support/folder.ts'
import { fakeCluster, RELEASE } from '../support/cluster.ts'
import { answers, install, ownPod } from '../support/installed.ts'
import { ran } from '../support/run.ts'

const leader = (unready: string | null): Route => ({
  at: 'GET /v1/endpoints',
  handle: () => ({ status: 200, json: { at: 1, unready, endpoints: [] } }),
})

/** What is not well: "failure pods outrigger-system/x". */
function bad(json: string): string[] {
  const { findings } = JSON.parse(json) as { findings: Finding[] }
  return findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check: name, about }) => `${level} ${name} ${about}`.trim())
}

test.serial('a cluster in which all is well', async t => {
  const { api } = await fakeCluster(t, [leader(null)])
  install(api)
  api.fault = answers()
  const { code, out, err } = await ran(check, '--cluster')
  t.is(err, '')
  t.is(
    out.replace(/ends on \d{4}-\d\d-\d\d/, 'ends on DATE').replace(/\d s ago/, 'N s ago'),
    `Namespace outrigger-system of fake, installed:
ok       api-version          Kubernetes 1.36.3.
ok       kubelets             Ready: 1 node, kubelets v1.36.3.
ok       admission            It asks webhooks (admissionregistration.k8s.io/v1).
ok       dns                  A Service with the label k8s-app=kube-dns is there.
ok       namespace            outrigger-system: No Pod Security is enforced; our pods pass restricted.
ok       controller-rights    It has all 55 rights that it takes.
ok       clock-own            This machine's clock is right.
ok       clock-nodes          They agree: 1 node.
ok       clock-controller     outrigger-controller-0: Its clock agrees.
ok       pods                 Ready: 4 pods.
ok       images               outrigger:${version}.
ok       version              The release is ${version}, this command ${version}.
ok       lease                outrigger-controller-0 holds it, and renewed it N s ago.
ok       controller           outrigger-system: It answers, and works as it should.
ok       webhook-registered   inject.outrigger.dev leads to outrigger-system/outrigger-webhook.
ok       webhook-trust        The caBundle is that of Secret outrigger-webhook-tls.
ok       webhook-certificate  It ends on DATE.
ok       webhook-answers      ml: A pod that asks for a sidecar gets one.
ok       sidecars             No Deployment asks for a sidecar.

0 failures, 0 warnings, 19 ok.
`,
  )
  t.is(code, 0)
})

test.serial('before an installation', async t => {
  const { api } = await fakeCluster(t, [])
  api.fault = answers({ allowed: what => what !== 'create clusterroles' })
  const { code, out } = await ran(check, '--cluster', '--json')
  t.is(code, 1)
  t.like(JSON.parse(out), { stage: 'before', ok: false })
  t.deepEqual(bad(out), [
    'warning dns',
    'warning storage',
    'failure install-rights clusterroles.rbac.authorization.k8s.io',
  ])
})

test.serial('an installation that has broken down', async t => {
  const { api } = await fakeCluster(t, [leader('the disk is full')])
  install(api, { days: 10 })
  const message = 'failed calling webhook "inject.outrigger.dev": connection refused'
  const trial = { status: 500, body: JSON.stringify({ kind: 'Status', message }) }
  api.fault = answers({ trial, allowed: what => !what.includes('leases') })
  const crashed = {
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [
      { name: 'edge', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } },
    ],
  }
  api.store.put(`${RELEASE}/pods/outrigger-edge-a`, ownPod('outrigger-edge-a', 'edge', crashed))
  const configuration =
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/outrigger'
  const cleared = structuredClone(api.store.get(configuration)) as unknown as {
    webhooks: { clientConfig: { caBundle?: string } }[]
  }
  delete cleared.webhooks[0]?.clientConfig.caBundle
  api.store.put(configuration, cleared)
  const { out } = await ran(check, '--cluster', '--json')
  t.deepEqual(bad(out), [
    'failure controller-rights',
    'failure pods outrigger-system/outrigger-edge-a',
    'failure controller outrigger-system',
    'failure webhook-trust',
    'failure webhook-certificate',
    'failure webhook-answers ml',
  ])
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  t.true(findings.every(({ level, fix }) => (level === 'ok') === (fix === '')))
  t.like(
    findings.find(each => each.check === 'pods'),
    {
      words: 'edge: CrashLoopBackOff.',
      fix: 'See `kubectl -n outrigger-system describe pod outrigger-edge-a` and `kubectl -n outrigger-system logs outrigger-edge-a`.',
    },
  )
})

test.serial('what one may not read is told as not known', async t => {
  const { api } = await fakeCluster(t, [leader(null)])
  install(api)
  const well = answers()
  const no = { status: 403, body: JSON.stringify({ kind: 'Status', message: 'cannot create it' }) }
  api.fault = request => {
    const own = request.path.includes('/outrigger-system')
    return own || request.path === '/version' ? well(request) : no
  }
  const { code, out } = await ran(check, '--cluster', '--json')
  t.is(code, 0)
  t.true(bad(out).length >= 8)
  t.true(bad(out).every(each => each.startsWith('warning ')))
})

test.serial('a machine', async t => {
  const state = folder(t)
  const { code, out } = await ran(check, '--state', state)
  t.is(code, 0)
  t.is(
    out,
    `This machine:
ok       node          Node.js ${process.versions.node}.
ok       state-folder  ${state}: It can be written.

0 failures, 0 warnings, 2 ok.
`,
  )
  t.like(await ran(check, '--url', 'http://x'), { code: 2 })
  t.like(await ran(check, '--cluster', '--context', 'none'), { code: 2 })
})
