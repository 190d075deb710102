import { spawnSync } from 'node:child_process'
import test from 'ava'
import { parseAllDocuments } from 'yaml'
import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import { inject } from '../../controller/kubernetes/inject/inject.ts'
import { usual } from '../inject/cases.ts'

const KEY = usual.rootKey

function outrigger(input: string, ...args: string[]) {
  const all = ['cli/main.ts', 'inject', ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { input, encoding: 'utf8' })
  return { status, stdout, stderr }
}
const objects = (text: string): unknown[] =>
  parseAllDocuments(text).map(each => each.toJS() as unknown)

const container = {
  name: 'model',
  image: 'digits:1',
  ports: [{ name: 'http', containerPort: 8080 }],
}
const annotations = { 'outrigger.dev/inject': 'true' }
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'digits', namespace: 'models' },
  spec: {
    template: {
      metadata: { annotations, labels: { app: 'digits' } },
      spec: { containers: [container] },
    },
  },
}
const text = (...all: unknown[]): string => all.map(each => JSON.stringify(each)).join('\n---\n')

test('a Deployment is patched as the webhook patches its pods', t => {
  const { status, stdout, stderr } = outrigger(text(deployment), '-f', '-', '--root-key', KEY)
  t.is(status, 0)
  t.is(
    stderr,
    'Deployment models/digits: injected: Injected in mode rename: the sidecar stands before port 8080 of container model. [injected]\n',
  )
  const [made] = objects(stdout) as [V1Deployment]
  const sidecar = made.spec?.template.spec?.initContainers?.[0]
  t.is(sidecar?.name, 'outrigger')
  const of = (name: string) => sidecar?.env?.find(each => each.name === name)?.value
  t.is(of('OUTRIGGER_ENDPOINT'), 'models/digits')
  t.regex(of('OUTRIGGER_DRAIN_SECRET') ?? '', /^[0-9a-f]{32}$/)
  t.regex(stdout, /OWN_LOOPBACK\n +value: "yes"\n/, 'YAML 1.1 would read a bare yes as true')

  const pod = {
    metadata: {
      annotations,
      labels: { app: 'digits', 'pod-template-hash': 'abc' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'digits-abc', controller: true }],
    },
    spec: { containers: [container] },
  }
  const { answers } = JSON.parse(
    outrigger(text(deployment), '-f', '-', '--root-key', KEY, '--image', usual.image, '--json')
      .stdout,
  )
  const hook = answers[0].patch.find(({ path }: { path: string }) => path.endsWith('/preStop'))
  const drainSecret: string = hook.value.httpGet.httpHeaders[0].value
  t.deepEqual(answers[0].patch, inject(pod, { ...usual, drainSecret }).patch)
  t.like(inject(made.spec?.template, { ...usual, deployment: 'digits' }), { verdict: 'already' })
})

test('all else passes through as it was written, comments too', t => {
  const before = [
    '# first of all',
    'apiVersion: v1',
    'kind: ConfigMap # the usual',
    "data: { a: 'yes',   b: 0755 }",
    '---',
    '# nothing here',
    '---',
    '- just',
    '- a list',
    '...',
    '---',
    'plain text',
    '',
  ].join('\n')
  const { status, stdout, stderr } = outrigger(before, '-f', '-')
  t.deepEqual({ status, stdout, stderr }, { status: 0, stdout: before, stderr: '' })
  const mixed = outrigger(`${before}---\n${text(deployment)}`, '-f', '-', '--root-key', KEY)
  t.true(mixed.stdout.startsWith(before))
  t.is(objects(mixed.stdout).length, 5)
})

test('a List, a pod, a Service beside it and a Namespace that asks for Istio', t => {
  const namespace = {
    kind: 'Namespace',
    metadata: { name: 'models', labels: { 'istio-injection': 'enabled' } },
  }
  const service = {
    kind: 'Service',
    metadata: { name: 'digits', namespace: 'models' },
    spec: { selector: { app: 'digits' }, ports: [{ port: 80, targetPort: 8080 }] },
  }
  const bare = {
    kind: 'Pod',
    metadata: { name: 'one', annotations },
    spec: { containers: [container] },
  }
  const list = { kind: 'List', items: [namespace, service, deployment, bare] }
  const { status, stdout, stderr } = outrigger(text(list), '-f', '-', '--root-key', KEY)
  t.is(status, 1, 'the pod asks and is of no Deployment')
  t.regex(stderr, /Service digits sends to port 8080 by number.*\[numeric-target-port\]/)
  t.regex(stderr, /A sidecar of Istio stands before ours/)
  t.regex(stderr, /Pod default\/one: skipped: The pod is not of a Deployment but of nobody/)
  const [{ items }] = objects(stdout) as [{ items: [unknown, unknown, V1Deployment, V1Pod] }]
  t.deepEqual(items[3] as unknown, bare)
  t.is(items[2].spec?.template.metadata?.annotations?.['outrigger.dev/admin-port'], '15081')
})

test('other owners are skipped, and an annotation in the wrong place is said', t => {
  const of = (kind: string, spec: unknown, more = {}) => ({
    kind,
    metadata: { name: 'x', ...more },
    spec,
  })
  const { template } = deployment.spec
  const all = text(
    of('StatefulSet', { template }),
    of('CronJob', { jobTemplate: { spec: { template } } }),
    of('Deployment', { template: { spec: { containers: [container] } } }, { annotations }),
    of('Deployment', { template }, { name: undefined }),
  )
  const { status, stdout, stderr } = outrigger(all, '-f', '-')
  t.is(status, 1)
  t.is(stdout, `${all}\n`)
  t.deepEqual(
    stderr
      .trim()
      .split('\n')
      .map(line => line.replace(/ (No|The) .*/, '')),
    [
      'StatefulSet default/x: skipped:',
      'CronJob default/x: skipped:',
      'Deployment default/x: skipped: outrigger.dev/inject is on the Deployment, and belongs on its pod template.',
      'Deployment default/(no name): skipped:',
    ],
  )
})

test('bad input is said in words', t => {
  const bad = (input: string, ...args: string[]): string => {
    const { status, stdout, stderr } = outrigger(input, ...args)
    t.is(status, 2)
    t.is(stdout, '')
    return stderr
  }
  t.regex(bad(''), /name a file with -f/)
  t.regex(bad('', '-f', 'no-such-file.yaml'), /no-such-file.yaml can't be read: ENOENT/)
  t.regex(bad(text(deployment), '-f', '-'), /--root-key: expected base64.*got nothing/)
  t.regex(bad(text(deployment), '-f', '-', '--root-key', 'x!'), /got "x!"/)
  const broken = bad('a: 1\n---\nb: [1\n---\nc: "open\n', '-f', '-')
  t.regex(broken, /^Standard input can't be read:\n {2}document at line 2: .*/)
  t.regex(broken, /document at line 4: /)
  const laughs = 'a: &a [x, x]\nb: &b [*a, *a]\n'.concat(
    ...'cdefghij'
      .split('')
      .map(
        (name, i) =>
          `${name}: &${name} [${'*abcdefghij'[0]}${'bcdefghij'[i]}, *${'bcdefghij'[i]}]\n`,
      ),
  )
  t.regex(bad(laughs, '-f', '-'), /alias/)
})
