import test from 'ava'
import fc from 'fast-check'
import { Budget } from '../../../controller/kubernetes/keep/budget.ts'
import { bypassed, type Traffic } from '../../../controller/kubernetes/keep/bypass.ts'
import { missing, suspects } from '../../../controller/kubernetes/keep/missing.ts'
import { rewriteOf } from '../../../controller/kubernetes/keep/rewrite.ts'
import { findings, keepService } from '../../../controller/kubernetes/keep/service.ts'
import { failedByUs, toWake } from '../../../controller/kubernetes/keep/stuck.ts'
import { deploymentOf, podOf, serviceOf } from './support/keep-objects.ts'

const MINUTE = 60_000

test('a Service that sends by number to the port of the model goes past its sidecar', t => {
  const [found, ...more] = findings([serviceOf(8080)], [deploymentOf({})])
  t.is(more.length, 0)
  t.like(found, {
    code: 'numeric-target-port',
    service: 'default/model',
    endpoint: 'default/model',
    at: 0,
    number: 8080,
    name: 'http',
    rewrite: false,
  })
  t.regex(found?.sentence ?? '', /sends to port 8080 of default\/model by its number/)
  t.regex(found?.fix ?? '', /targetPort be http.*service: rewrite.*mode: loopback/)
  t.is(findings([serviceOf('8080')], [deploymentOf({})]).length, 1, 'digits in quotes')
  const none = { ports: [{ port: 8080 }] }
  t.is(findings([serviceOf(1, none)], [deploymentOf({})]).length, 1, 'none is the port itself')
})

test('nothing is found where nothing goes past a sidecar', t => {
  const at = (service: ReturnType<typeof serviceOf>, deployment = deploymentOf({})): number =>
    findings([service], [deployment]).length
  t.is(at(serviceOf('http')), 0, 'by name')
  t.is(at(serviceOf(9090)), 0, 'another port')
  t.is(at(serviceOf(8080, { selector: { app: 'other' } })), 0, 'another app')
  t.is(at(serviceOf(8080, { selector: {} })), 0, 'no selector')
  t.is(at(serviceOf(8080, { type: 'ExternalName' })), 0)
  t.is(at(serviceOf(8080, { ports: [{ port: 80, targetPort: 8080, protocol: 'UDP' }] })), 0)
  const elsewhere = serviceOf(8080)
  elsewhere.metadata.namespace = 'other'
  t.is(at(elsewhere), 0)
  const loopback = { 'outrigger.dev/mode': 'loopback' }
  t.is(at(serviceOf(8080), deploymentOf({ annotations: loopback })), 0, 'the sidecar has the port')
  const plain = { 'outrigger.dev/inject': 'false' }
  t.is(at(serviceOf(8080), deploymentOf({ annotations: plain })), 0)
  const broken = { 'outrigger.dev/port': '!' }
  t.is(at(serviceOf(8080), deploymentOf({ annotations: broken })), 0, 'skipped by the injector')
})

test('a headless Service goes past sidecars by name, too', t => {
  const headless = { clusterIP: 'None' }
  const [found] = findings([serviceOf('http', headless)], [deploymentOf({})])
  t.is(found?.code, 'headless')
  t.is(findings([serviceOf(8080, headless)], [deploymentOf({})]).length, 1)
  t.is(findings([serviceOf(9090, headless)], [deploymentOf({})]).length, 0)
})

const rewriting = deploymentOf({ own: { 'outrigger.dev/service': 'rewrite' } })

function rewriteFor(pods: ReturnType<typeof podOf>[], deployment = rewriting) {
  const service = serviceOf(8080)
  const [finding] = findings([service], [deployment])
  if (finding === undefined) throw new Error('expected a finding')
  return rewriteOf(finding, service, pods)
}

test('a Service is rewritten where every pod of it has a port of that name', t => {
  const patch = [
    { op: 'test', path: '/metadata/resourceVersion', value: '7' },
    { op: 'test', path: '/spec/ports/0/targetPort', value: 8080 },
    { op: 'replace', path: '/spec/ports/0/targetPort', value: 'http' },
  ]
  t.deepEqual(rewriteFor([podOf('a', true), podOf('b', false)]), { patch })
  t.deepEqual(rewriteFor([]), { patch })
  const going = podOf('c', false, { port: { containerPort: 8080 }, metadata: {} })
  going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  t.deepEqual(rewriteFor([going]), { patch })
})

test('a Service is not rewritten where a pod would be left without requests, or get others', t => {
  const waits = (pods: ReturnType<typeof podOf>[], deployment = rewriting): string => {
    const rewrite = rewriteFor(pods, deployment)
    return 'wait' in rewrite ? rewrite.wait : ''
  }
  const unnamed = podOf('b', false, { port: { containerPort: 8080 } })
  t.is(waits([podOf('a', true), unnamed]), '1 of 2 pods have no port http (b)')
  const other = podOf('c', false, { port: { name: 'http', containerPort: 9 } })
  t.regex(waits([other]), /1 of 1 pods/)
  const foreign = podOf('d', true)
  foreign.metadata.annotations = { 'outrigger.dev/app-port': '1' }
  t.regex(waits([foreign]), /1 of 1 pods/)
  const nameless = deploymentOf({
    own: { 'outrigger.dev/service': 'rewrite' },
    port: { containerPort: 8080 },
  })
  t.regex(waits([], nameless), /container port 8080 has no name/)
  const [finding] = findings([serviceOf(8080)], [rewriting])
  if (finding === undefined) throw new Error('expected a finding')
  t.deepEqual(rewriteOf(finding, serviceOf('http'), []), { wait: 'it has changed meanwhile' })
})

test('what is kept of a Service gives the same findings', t => {
  const port = fc.oneof(fc.constantFrom(8080, 80, 'http', '8080'), fc.integer())
  const ports = fc.array(fc.record({ port: fc.constantFrom(80, 8080), targetPort: port }))
  const clusterIP = fc.constantFrom('None', '10.0.0.1')
  fc.assert(
    fc.property(ports, clusterIP, (some, ip) => {
      const service = serviceOf(0, { ports: some, clusterIP: ip })
      t.deepEqual(findings([keepService(service)], [rewriting]), findings([service], [rewriting]))
    }),
  )
})

const wouldInject = (): { verdict: 'injected'; reasons: [] } => ({
  verdict: 'injected',
  reasons: [],
})

test('pods that ask for a sidecar and have none are found, with the command that mends it', t => {
  const pods = [podOf('a', false), podOf('b', false), podOf('c', true)]
  const [found, ...more] = missing(deploymentOf({}), pods, wouldInject)
  t.is(more.length, 0)
  t.is(found?.reason, 'SidecarMissing')
  t.regex(found?.note ?? '', /2 of 3 pods run without a sidecar \(a, b\)/)
  t.regex(found?.note ?? '', /kubectl rollout restart deployment\/model -n default$/)
})

test('pods of others, of an older template, or that go are no finding', t => {
  const older = podOf('a', false)
  older.metadata.annotations = {}
  const foreign = podOf('b', false)
  foreign.metadata.ownerReferences = []
  const going = podOf('c', false, { metadata: {} })
  going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  const ended = podOf('d', false)
  ended.status = { phase: 'Failed' }
  t.deepEqual(missing(deploymentOf({}), [older, foreign, going, ended], wouldInject), [])
})

test('a pod that the injector would skip is told why, and no restart is advised', t => {
  const skips = () => ({
    verdict: 'skipped' as const,
    reasons: [{ sentence: 'It has hostNetwork.' }],
  })
  const found = missing(deploymentOf({}), [podOf('a', false)], skips)
  t.deepEqual(found, [
    {
      reason: 'OutriggerSkipped',
      endpoint: 'default/model',
      note: 'Not injected: It has hostNetwork.',
    },
  ])
})

test('the API server is asked only where there are more pods than injected ones', t => {
  const deployment = deploymentOf({ status: { replicas: 2 } })
  t.is(suspects([deployment], () => 2).length, 0)
  t.is(suspects([deployment], () => 1).length, 1)
  t.is(suspects([deploymentOf({ status: {} })], () => 0).length, 0)
})

test('a sidecar that sees nothing while its model works is told of; an idle one is not', t => {
  const now = 10 * MINUTE
  const services = findings([serviceOf(8080)], [deploymentOf({})])
  const notes = (
    traffic: Traffic | null,
    ways = services.slice(1),
    pod = podOf('a', true),
  ): string[] => bypassed('default/model', [pod], () => traffic, ways, now).map(({ note }) => note)
  const quiet = { offered: 0, connections: null, cpuMillis: null }
  t.deepEqual(notes(null, services), [])
  t.deepEqual(notes(quiet), [])
  t.deepEqual(notes({ ...quiet, connections: 3, cpuMillis: 2 }), [], 'scraped, not used')
  t.deepEqual(notes({ offered: 1, connections: 9, cpuMillis: 900 }, services), [])
  t.regex(
    notes({ ...quiet, connections: 3, cpuMillis: 400 }).join(''),
    /while their models work.*loopback/,
  )
  t.regex(notes({ ...quiet, connections: 3 }).join(''), /past the Service/)
  t.regex(
    notes(quiet, services).join(''),
    /see no request\. Service default\/model sends to port 8080/,
  )
  const young = podOf('a', true, { readyAt: now - MINUTE })
  t.deepEqual(notes(quiet, services, young), [])
  t.deepEqual(
    bypassed('default/other', [podOf('a', true)], () => quiet, services, now),
    [],
  )
})

const message =
  'Internal error occurred: failed calling webhook "inject.outrigger.dev": failed to call webhook: ' +
  'Post "https://outrigger-webhook.outrigger-system.svc:443/inject?timeout=10s": connection refused'
const failure = (text = message, over: object = {}) => ({
  conditions: [
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: text, ...over },
  ],
})
const replicaSet = (over: object = {}) => ({
  metadata: {
    name: 'model-1',
    namespace: 'default',
    uid: 'uid-rs',
    ownerReferences: [{ kind: 'Deployment', name: 'model', uid: 'uid-model' }],
    ...over,
  },
  status: failure(),
})

test('only what failed because of our webhook is woken', t => {
  const webhook = 'inject.outrigger.dev'
  t.true(failedByUs({ status: failure() }, webhook))
  t.false(failedByUs({ status: failure(message.replace('inject.', 'other.')) }, webhook))
  t.false(failedByUs({ status: failure('exceeded quota') }, webhook))
  t.false(failedByUs({ status: failure(message, { status: 'False' }) }, webhook))
  t.false(failedByUs({}, webhook))
  const wake = (each: ReturnType<typeof replicaSet>, woken = 0, now = MINUTE): number =>
    toWake(deploymentOf({}), [each], webhook, () => woken, now).length
  t.is(wake(replicaSet()), 1)
  t.is(wake(replicaSet({ ownerReferences: [] })), 0)
  t.is(wake(replicaSet({ deletionTimestamp: 'x' })), 0)
})

test('one that fails again is woken ever more seldom, and by whichever replica is first', t => {
  const last = Date.UTC(2026, 0, 1)
  const annotations = { 'outrigger.dev/retry': new Date(last).toISOString() }
  const wakes = (woken: number, after: number): boolean => {
    const each = replicaSet({ annotations })
    const now = last + after
    return toWake(deploymentOf({}), [each], 'inject.outrigger.dev', () => woken, now).length > 0
  }
  t.false(wakes(0, 9999))
  t.true(wakes(0, 10_000))
  t.false(wakes(3, 79_999))
  t.true(wakes(3, 80_000))
  t.false(wakes(1000, 599_999))
  t.true(wakes(1000, 600_000))
  t.true(wakes(5, -1), 'a time in the future is no time')
})

test('a budget of so many within a time', t => {
  const budget = new Budget(2, 100)
  t.deepEqual(
    [0, 1, 2, 99].map(now => budget.take('a', now)),
    [true, true, false, false],
  )
  t.true(budget.take('b', 2))
  t.true(budget.take('a', 100))
  t.false(budget.take('a', 100))
})

test('any Services and Deployments: findings never throw', t => {
  const value = fc.jsonValue({ maxDepth: 2 })
  fc.assert(
    fc.property(fc.constantFrom('metadata', 'spec'), value, (key, some) => {
      const deployment = deploymentOf({})
      Object.assign(deployment.spec.template, { [key]: some })
      const fits = key === 'spec' || (typeof some === 'object' && some !== null)
      if (fits) findings([serviceOf(8080)], [deployment])
    }),
  )
  t.pass()
})
