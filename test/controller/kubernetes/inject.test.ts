import test from 'ava'
import fc from 'fast-check'
import { applied } from '../../../controller/kubernetes/inject/apply.ts'
import { Edits } from '../../../controller/kubernetes/inject/patch.ts'
import { nanos, parts } from '../../../controller/kubernetes/inject/quantity.ts'
import { revisionOf } from '../../../controller/kubernetes/inject/revision.ts'

const model = {
  name: 'model',
  image: 'digits:1',
  command: ['serve'],
  args: ['--threads=2'],
  env: [
    { name: 'SIZE', value: '2' },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ],
  resources: { limits: { cpu: '1000m', memory: '1Gi' } },
}
const fetch = { name: 'fetch', image: 'fetch:1', args: ['s3://models/digits/1'] }
const spec = { containers: [model], initContainers: [fetch] }
const revision = revisionOf(spec)

test('a revision is 16 hex digits, always the same', t => {
  t.is(revision, '38c34b7a1133c9a9')
})

const differing: Record<string, unknown> = {
  image: { ...spec, containers: [{ ...model, image: 'digits:2' }] },
  command: { ...spec, containers: [{ ...model, command: ['serve', 'fast'] }] },
  arguments: { ...spec, containers: [{ ...model, args: [] }] },
  'order of arguments': { ...spec, containers: [{ ...model, args: ['a', 'b'] }] },
  variable: { ...spec, containers: [{ ...model, env: [{ name: 'SIZE', value: '3' }] }] },
  'variables from elsewhere': {
    ...spec,
    containers: [{ ...model, envFrom: [{ configMapRef: { name: 'digits' } }] }],
  },
  limit: { ...spec, containers: [{ ...model, resources: { limits: { cpu: 2, memory: '1Gi' } } }] },
  'another container': { ...spec, containers: [model, { name: 'tokenizer', image: 'tokens:1' }] },
  'what an init container fetches': {
    ...spec,
    initContainers: [{ ...fetch, args: ['s3://models/digits/2'] }],
  },
}

test('what makes the model behave differently makes another revision', t => {
  const all = new Set([revision, ...Object.values(differing).map(revisionOf)])
  t.is(all.size, Object.keys(differing).length + 1)
})

const same: Record<string, unknown> = {
  'probes, ports, volumes and the rest': {
    ...spec,
    volumes: [{ name: 'tmp' }],
    terminationGracePeriodSeconds: 60,
    containers: [{ ...model, ports: [{ containerPort: 80 }], livenessProbe: {}, lifecycle: {} }],
  },
  'what the API server fills in': {
    initContainers: [{ ...fetch, resources: {}, terminationMessagePath: '/dev/termination-log' }],
    containers: [
      {
        ...model,
        env: [
          { name: 'SIZE', value: '2' },
          {
            name: 'POD',
            valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } },
          },
        ],
        resources: {
          limits: { cpu: 1, memory: '1024Mi' },
          requests: { cpu: '1', memory: '1073741824' },
        },
      },
    ],
  },
  'sidecars of ours and of a mesh': {
    containers: [model, { name: 'istio-proxy', image: 'proxy:1' }],
    initContainers: [{ name: 'outrigger', image: 'o:1' }, { name: 'istio-init' }, fetch],
  },
}
for (const [what, changed] of Object.entries(same)) {
  test(`the revision stays with ${what}`, t => t.is(revisionOf(changed), revision))
}

test('a revision of anything at all', t => {
  fc.assert(fc.property(fc.jsonValue(), any => /^[0-9a-f]{16}$/.test(revisionOf(any))))
  fc.assert(
    fc.property(fc.jsonValue(), any => /^[0-9a-f]{16}$/.test(revisionOf({ containers: [any] }))),
  )
  t.pass()
})

test('quantities, as Kubernetes writes them', t => {
  const read: [unknown, number | null][] = [
    ['500m', 500],
    [2, 2000],
    ['1.2505', 1251],
    ['.5', 500],
    ['5.', 5000],
    ['1e3', 1_000_000],
    ['1E-3', 1],
    ['100u', 1],
    ['1n', 1],
    ['0', 0],
    ['2k', 2_000_000],
    ['1Ki', 1_024_000],
    ['', null],
    ['.', null],
    ['1 ', null],
    ['1K', null],
    ['many', null],
    ['1E', null],
    ['9e99', null],
    [{}, null],
    [undefined, null],
  ]
  for (const [quantity, expected] of read) t.is(parts(quantity, 1000), expected, String(quantity))
  t.is(parts('1.5Gi', 1), 1_610_612_736)
  t.is(parts('1E', 1), null, 'more than can be counted')
  t.is(nanos('-500m'), -500_000_000n)
  t.is(nanos('1E'), nanos('1e18'))
})

test('edits make the maps and lists that they need, and the patch does what was asked', t => {
  const before = { a: null, list: [1, 2], map: { 'x/y': 1, '~': 2 } }
  const edits = new Edits(before)
  edits.set(['a', 'b', 'c'], 1)
  edits.set(['a', 'b', 'd'], 2)
  edits.set(['map', 'x/y'], 3)
  edits.set(['map', '~'], 4)
  edits.push(['list'], 0, 'first')
  edits.push(['list'], 3, 'last')
  edits.push(['new', 'list'], 1, 'last')
  edits.push(['new', 'list'], 0, 'first')
  t.deepEqual(
    edits.patch.map(({ op, path }) => `${op} ${path}`),
    [
      'add /a',
      'add /a/b',
      'add /a/b/c',
      'add /a/b/d',
      'replace /map/x~1y',
      'replace /map/~0',
      'add /list/0',
      'add /list/-',
      'add /new',
      'add /new/list',
      'add /new/list/0',
    ],
  )
  t.deepEqual(applied(before, edits.patch), {
    a: { b: { c: 1, d: 2 } },
    list: [0, 1, 2, 3],
    map: { 'x/y': 3, '~': 4 },
    new: { list: [0, 1] },
  })
  t.is(before.list.length, 2)
})

test('caught: a patch that leads nowhere', t => {
  const apply = (op: 'add' | 'replace', path: string) => () =>
    applied({ list: [1] }, [{ op, path, value: 0 }])
  t.throws(apply('replace', '/x'), { message: 'nothing to replace at /x' })
  t.throws(apply('add', '/x/y'), { message: 'nothing to add to at /x/y' })
  t.throws(apply('add', '/list/3'), { message: 'no place at /list/3' })
  t.throws(apply('replace', '/list/1'), { message: 'nothing to replace at /list/1' })
})
