import test from 'ava'
import fc from 'fast-check'
import { annotationNames } from '../../controller/kubernetes/inject/annotations.ts'
import { applied } from '../../controller/kubernetes/inject/apply.ts'
import { inject } from '../../controller/kubernetes/inject/inject.ts'
import { revisionOf } from '../../controller/kubernetes/inject/revision.ts'
import { words } from '../../controller/kubernetes/inject/words.ts'
import { settingNames } from '../../core/model/settings.ts'
import { usual } from './cases.ts'

const garbage = fc.jsonValue({ maxDepth: 3 })
/** Mostly good, now and then anything, and often left out. */
const field = (good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 150, arbitrary: good },
    { weight: 50, arbitrary: fc.constant(undefined) },
    garbage,
  )
/** As above, but never left out. */
const needed = (good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 200, arbitrary: good }, garbage)
const seldom = fc.nat(19).map(n => n === 0)
const strict: { requiredKeys: [] } = { requiredKeys: [] }
const name = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('model', 'logger', 'a', 'b', 'c', 'd') },
  fc.constantFrom('istio-proxy', 'outrigger'),
)
const number = fc.constantFrom(1, 80, 443, 8000, 8080, 8081, 8082, 9000, 15080, 65_535)
const portName = fc.constantFrom('http', 'http1', 'api', 'web', 'rest', 'https', 'grpc')
const reference = fc.oneof(number, portName, fc.string())
const path = fc.oneof(
  fc.constantFrom('/', '/ready', '/a?b', '/a,b', ''),
  fc.string({ unit: 'binary' }),
)
const httpGet = fc.record(
  {
    port: needed(reference),
    path: field(path),
    scheme: field(fc.constantFrom('HTTP', 'HTTPS')),
    httpHeaders: field(fc.array(fc.record({ name: fc.string(), value: fc.string() }))),
  },
  { requiredKeys: ['port'] },
)
const probe = fc.record(
  {
    httpGet: field(httpGet),
    tcpSocket: field(fc.record({ port: needed(reference) })),
    grpc: field(fc.record({ port: needed(number) })),
  },
  strict,
)
const quantity = fc.oneof(
  fc.constantFrom('1', '500m', '1Gi', '1e3', '0', '-1', '1e99'),
  fc.string(),
)
const resources = fc.record(
  {
    requests: field(fc.dictionary(fc.constantFrom('cpu', 'memory', '__proto__'), quantity)),
    limits: field(fc.dictionary(fc.constantFrom('cpu', 'memory'), field(quantity))),
  },
  strict,
)
const source = fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.string()))
const container = fc.record(
  {
    name: needed(name),
    image: field(fc.string({ unit: 'binary' })),
    args: field(fc.array(fc.string())),
    env: field(
      fc.array(
        fc.record({ name: fc.string(), value: field(fc.string()), valueFrom: field(source) }),
      ),
    ),
    envFrom: field(fc.array(needed(source))),
    resources: field(resources),
    ports: field(
      fc.array(
        fc.record(
          {
            name: field(portName),
            containerPort: number,
            protocol: field(fc.constantFrom('TCP', 'TCP', 'UDP')),
            hostPort: field(number),
          },
          { requiredKeys: ['containerPort'] },
        ),
        { minLength: 1, maxLength: 3 },
      ),
    ),
    livenessProbe: field(probe),
    readinessProbe: field(probe),
    lifecycle: field(fc.record({ preStop: field(probe), postStart: field(probe) }, strict)),
    restartPolicy: field(fc.constant('Always')),
  },
  { requiredKeys: ['name'] },
)
const owners = fc.constantFrom(
  [{ kind: 'ReplicaSet', name: 'digits-abc', controller: true }],
  [{ kind: 'Job', name: 'digits', controller: true }],
  [],
)
const annotations = fc.dictionary(
  fc.oneof(
    fc
      .constantFrom(...annotationNames, ...settingNames, 'edge', 'status')
      .map(key => `outrigger.dev/${key}`),
    fc.string().map(key => `outrigger.dev/${key}`),
    fc.string(),
  ),
  fc.oneof(
    fc.constantFrom(
      '',
      'true',
      'http',
      '8080',
      'loopback',
      'model',
      '/ready',
      '5',
      '{"scaleUp":{}}',
    ),
    fc.string({ unit: 'binary' }),
  ),
  { maxKeys: 4 },
)
const likely = fc.record({
  metadata: fc.record({
    labels: field(fc.constant({ 'pod-template-hash': 'abc' })),
    annotations: annotations.map(all => ({ ...all, 'outrigger.dev/inject': 'true' })),
    ownerReferences: field(owners),
  }),
  spec: fc.record(
    {
      containers: needed(fc.array(container, { minLength: 1, maxLength: 3 })),
      initContainers: field(fc.array(container, { maxLength: 2 })),
      volumes: field(
        fc.array(
          fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'outrigger') }),
        ),
      ),
      imagePullSecrets: field(fc.array(fc.record({ name }))),
      hostNetwork: field(seldom),
      hostPID: field(fc.boolean()),
      shareProcessNamespace: field(fc.boolean()),
      terminationGracePeriodSeconds: field(fc.nat(100_000)),
      resources: field(resources),
    },
    { requiredKeys: ['containers'] },
  ),
})

const context = fc.record({
  deployment: fc.constantFrom(undefined, 'digits', 'letters', 'words'),
  imagePullSecrets: fc.constantFrom([], ['pull']),
  namespaceLabels: fc.constantFrom({}, { 'istio-injection': 'enabled' }),
  minor: fc.constantFrom(undefined, 28, 34, 35, 36, 37),
})
const contextOf = ({
  deployment,
  minor,
  ...rest
}: typeof context extends fc.Arbitrary<infer T> ? T : never) => ({
  ...usual,
  ...rest,
  ...(deployment === undefined ? {} : { deployment }),
  ...(minor === undefined ? {} : { minor }),
})

/** What holds for every pod; gives whether it was injected. */
function holds(pod: unknown, within: typeof usual): boolean {
  const before = JSON.stringify(pod)
  const { verdict, reasons, warnings, patch } = inject(pod, within)
  const good =
    JSON.stringify(pod) === before &&
    reasons.length > 0 &&
    reasons.every(({ code, sentence }) => Object.hasOwn(words, code) && sentence !== '') &&
    warnings.every(text => text.length <= 250 && text.isWellFormed()) &&
    (verdict === 'injected') === patch.length > 0
  if (!good) throw new Error(JSON.stringify({ verdict, reasons, warnings }))
  if (verdict !== 'injected') return false
  const after = applied(pod, patch) as { spec: unknown }
  if (revisionOf(after.spec) !== revisionOf((pod as typeof after).spec))
    throw new Error('the revision changed')
  const again = inject(after, within)
  if (again.verdict !== 'already' || again.patch.length > 0) throw new Error(JSON.stringify(again))
  return true
}

test('anything at all: an answer, never an error', t => {
  const anything = fc.oneof(
    garbage,
    fc.record({ metadata: garbage, spec: garbage }),
    garbage.map(spec => ({ metadata: { annotations: { 'outrigger.dev/inject': 'true' } }, spec })),
  )
  fc.assert(fc.property(anything, context, (pod, within) => !holds(pod, contextOf(within))))
  t.pass()
})

test('pods with here and there anything: the patch applies, and the pod is then already injected', t => {
  let injected = 0
  fc.assert(
    fc.property(likely, context, (pod, within) => {
      if (holds(JSON.parse(JSON.stringify(pod)), contextOf(within))) injected++
    }),
    { numRuns: 2000 },
  )
  t.true(injected > 50, `${injected} of 2000 were injected`)
})

test('garbage in annotations: a reason with what was expected and what was got, never an error', t => {
  const pod = (all: Record<string, string>) => ({
    metadata: { annotations: { ...all, 'outrigger.dev/inject': 'true' } },
    spec: { containers: [{ name: 'model', ports: [{ name: 'http', containerPort: 8080 }] }] },
  })
  let skipped = 0
  fc.assert(
    fc.property(annotations, all => {
      const within = { ...usual, deployment: 'digits' }
      if (holds(pod(all), within)) return
      skipped++
      const { verdict, reasons } = inject(pod(all), within)
      const said = reasons.filter(({ code }) => code !== 'unknown-annotation')
      return verdict === 'already' || said.length > 0
    }),
    { numRuns: 1000 },
  )
  t.true(skipped > 50)
})

/** Nobody has bounded a pod before it is looked at, and all other pods wait meanwhile. */
const large: Record<string, object> = {
  'many annotations with long names': {
    annotations: Object.fromEntries(
      Array.from({ length: 9000 }, (_, i) => [`outrigger.dev/${'x'.repeat(280)}${i}`, '1']),
    ),
  },
  'one annotation with a longer name': {
    annotations: { [`outrigger.dev/${'x'.repeat(2_500_000)}`]: '1' },
  },
  'many containers with ports': { containers: 9999, port: 1 },
  'many containers with our ports': { containers: 9999, port: 15_021 },
}
for (const [what, of] of Object.entries(large)) {
  test(`a pod of the largest size is answered shortly and in short: ${what}`, t => {
    const {
      annotations,
      containers = 1,
      port = 80,
    } = of as {
      annotations?: Record<string, string>
      containers?: number
      port?: number
    }
    const pod = {
      metadata: { annotations: { 'outrigger.dev/inject': 'true', ...annotations } },
      spec: {
        containers: Array.from({ length: containers }, (_, i) => ({
          name: `model${i}`,
          ports: [{ name: `port${i}`, containerPort: port }],
        })),
      },
    }
    const began = performance.now()
    const { reasons } = inject(pod, { ...usual, deployment: 'model' })
    t.true(performance.now() - began < 2000)
    t.true(reasons.length <= 40)
    for (const { sentence } of reasons) t.true(sentence.length < 1200, sentence.slice(0, 80))
  })
}

test('of many Services that lead past the sidecar ten are named', t => {
  const metadata = {
    annotations: { 'outrigger.dev/inject': 'true' },
    labels: { app: 'model' },
  }
  const ports = [{ name: 'http', containerPort: 8080 }]
  const spec = { selector: { app: 'model' }, ports: [{ port: 80, targetPort: 8080 }] }
  const services = Array.from({ length: 30 }, (_, i) => ({ metadata: { name: `s${i}` }, spec }))
  const { reasons } = inject(
    { metadata, spec: { containers: [{ name: 'model', ports }] } },
    { ...usual, deployment: 'model', services },
  )
  t.is(reasons.filter(({ code }) => code === 'numeric-target-port').length, 10)
})
