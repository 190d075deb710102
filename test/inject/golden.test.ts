import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { V1Pod } from '@kubernetes/client-node'
import test from 'ava'
import { annotationNames } from '../../controller/kubernetes/inject/annotations.ts'
import { applied } from '../../controller/kubernetes/inject/apply.ts'
import { inject } from '../../controller/kubernetes/inject/inject.ts'
import { revisionOf } from '../../controller/kubernetes/inject/revision.ts'
import { words } from '../../controller/kubernetes/inject/words.ts'
import { readConfig } from '../../sidecar/config.ts'
import { cases, folder, golden, goldenPath, type Case } from './cases.ts'
import { breaches } from './restricted.ts'

const all = cases()
const injected = all.filter(({ pod, context }) => inject(pod, context).verdict === 'injected')
const patched = ({ pod, context }: Case): V1Pod => applied(pod, inject(pod, context).patch) as V1Pod
const sidecarOf = (pod: V1Pod) => pod.spec?.initContainers?.[0]

for (const each of all) {
  test(`${each.name} (anew: node test/inject/write-golden.ts)`, t => {
    t.true(existsSync(goldenPath(each)), 'no golden file')
    t.is(golden(each), readFileSync(goldenPath(each), 'utf8'))
  })
}

test('there are enough cases, each golden file has one, and every reason is said by one', t => {
  t.true(all.length >= 60)
  t.true(injected.length >= 30)
  const goldens = readdirSync(folder).filter(file => file.endsWith('.golden.yaml'))
  t.deepEqual(
    goldens,
    all.map(each => `${each.name}.golden.yaml`),
  )
  const said = new Set(
    all.flatMap(({ pod, context }) => inject(pod, context).reasons.map(({ code }) => code)),
  )
  t.deepEqual(
    Object.keys(words).filter(code => !said.has(code as keyof typeof words)),
    [],
  )
})

test('a sentence has all its values', t => {
  for (const { name, pod, context } of all)
    for (const { sentence } of inject(pod, context).reasons)
      t.notRegex(sentence, /[{}]|undefined/, name)
})

test('a patched pod is asked once more: already, and nothing changes', t => {
  for (const each of injected)
    t.like(inject(patched(each), each.context), { verdict: 'already', patch: [] }, each.name)
})

test('the sidecar reads its environment, as the kubelet would fill it in', t => {
  for (const ips of ['10.244.0.7', 'fd00:10:244::7', '10.244.0.7,fd00:10:244::7']) {
    for (const each of injected) {
      const env: Record<string, string> = {}
      for (const { name, value = '', valueFrom } of sidecarOf(patched(each))?.env ?? []) {
        const field = valueFrom?.fieldRef?.fieldPath
        env[name] = field === undefined ? expanded(value, env) : fieldValue(field, ips)
      }
      const config = readConfig(env)
      t.is(config.app.host, '127.0.0.1')
      t.true(config.ownLoopback)
      if (each.name === 'loopback')
        t.deepEqual(
          config.traffic.map(({ host }) => host),
          ips.split(','),
        )

      if (each.name === 'ready-dollar') t.is(config.readyPath, '/$(HOME)')
    }
  }
})

function fieldValue(field: string, ips: string): string {
  return field === 'status.podIPs' ? ips : 'digits-5d9c7b8f6d-x2v4t'
}

/** $(NAME) and $$, as Kubernetes reads them. */
function expanded(value: string, env: Record<string, string>): string {
  return value.replaceAll(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? whole),
  )
}

test('the grace period is longer than the drain', t => {
  for (const each of injected) {
    const pod = patched(each)
    const drain = sidecarOf(pod)?.env?.find(({ name }) => name === 'OUTRIGGER_DRAIN_MAX')
    t.true(Number(drain?.value) < 1000 * (pod.spec?.terminationGracePeriodSeconds ?? 30), each.name)
  }
})

test('the revision is the same before and after', t => {
  for (const each of injected) {
    const before = each.pod as V1Pod
    const after = patched(each)
    if (before.spec === undefined || after.spec === undefined) throw new Error('a pod has a spec')
    t.is(revisionOf(after.spec), revisionOf(before.spec), each.name)
    t.is(after.metadata?.annotations?.['outrigger.dev/revision'], revisionOf(before.spec))
  }
})

test('what injection adds keeps the restricted Pod Security Standard', t => {
  for (const each of injected) {
    const before = (each.pod as V1Pod).spec
    const after = patched(each).spec
    if (before === undefined || after === undefined) throw new Error('a pod has a spec')
    t.deepEqual(breaches(after).toSorted(), breaches(before).toSorted(), each.name)
  }
  const good = all.find(({ name }) => name === 'security-non-root')
  t.deepEqual(good && breaches(patched(good).spec ?? { containers: [] }), [])
})

test('caught: a pod that breaks the restricted standard', t => {
  const bad = {
    hostNetwork: true,
    volumes: [{ name: 'host', hostPath: { path: '/' } }],
    containers: [{ name: 'model', ports: [{ containerPort: 1, hostPort: 1 }] }],
  }
  t.deepEqual(breaches(bad), [
    'hostNetwork',
    'volume host',
    'model: allowPrivilegeEscalation',
    'model: capabilities',
    'model: runAsNonRoot',
    'model: seccompProfile',
    'model: hostPort',
  ])
})

test('docs/injection.md has every annotation', t => {
  const page = readFileSync(new URL('../../docs/injection.md', import.meta.url), 'utf8')
  t.deepEqual(
    annotationNames.filter(name => !page.includes(`| \`${name}\` |`)),
    [],
  )
})
