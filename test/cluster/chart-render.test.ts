import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { chartFolder, manifests, manifestsFile, rendered } from '../../scripts/chart.ts'
import { excessive, objectsOf, podSpecs, unrestricted, type KubeObject } from '../deploy/objects.ts'

/** The chart as helm itself sees it; kubectl asks the API server, which stores nothing. */
const render = (...values: string[]): KubeObject[] =>
  objectsOf(rendered(...values.flatMap(value => ['--set', value])))
const kinds = (objects: readonly KubeObject[], pattern: RegExp): string[] =>
  objects.filter(({ kind }) => pattern.test(kind)).map(o => `${o.kind} ${o.metadata.name}`)
const clusterWide = /^(Cluster|MutatingWebhook|ValidatingWebhook|CustomResource|Namespace|Priority)/

test('lint finds nothing', t => {
  t.regex(execFileSync('helm', ['lint', '--strict', chartFolder], { encoding: 'utf8' }), /0 chart/)
})

test('the committed manifests are what the chart gives (mend: make manifests)', t => {
  t.is(readFileSync(manifestsFile, 'utf8'), manifests())
})

const variants: Record<string, string[]> = {
  defaults: [],
  everything: [
    'networkPolicy.enabled=true',
    'networkPolicy.adminFrom[0].ipBlock.cidr=10.0.0.0/8',
    'networkPolicy.webhookFrom[0].ipBlock.cidr=10.0.0.1/32',
    'networkPolicy.trafficFrom[0].namespaceSelector.matchLabels.team=a',
    'telemetry.endpoint=http://collector:4318',
    'telemetry.environment.OTEL_EXPORTER_OTLP_TIMEOUT=1000',
    'log.keep-days=90',
    'priorityClassName=system-cluster-critical',
    'tolerations[0].operator=Exists',
    'nodeSelector.a=b',
    'image.pullSecrets={registry}',
    'controller.podAnnotations.a=b',
    'edge.podAnnotations.a=b',
    'aggregator.podAnnotations.a=b',
    'controller.persistence.storageClass=fast',
    'webhook.excludedNamespaces={other}',
  ],
  little: [
    'edge.enabled=false',
    'webhook.enabled=false',
    'nodeMetrics.enabled=false',
    'controller.persistence.enabled=false',
    'controller.replicas=1',
  ],
  'bound to namespaces': ['watchNamespaces={default,kube-public}'],
}

for (const [name, values] of Object.entries(variants)) {
  test(`${name}: restricted pods, few rights, and taken by the API server`, t => {
    const text = rendered(...values.flatMap(value => ['--set', value]))
    const objects = objectsOf(text)
    for (const { pod } of podSpecs(objects)) t.deepEqual(unrestricted(pod), [])
    t.deepEqual(excessive(objects), [])
    const ids = objects.map(o => `${o.kind} ${o.metadata.namespace} ${o.metadata.name}`)
    t.is(new Set(ids).size, ids.length)
    // In a namespace that is there; a dry run makes none.
    const there = text.replaceAll('outrigger-system', 'default')
    const how = ['--dry-run=server', '--validate=strict', '--server-side', '--force-conflicts']
    const { status, stderr } = spawnSync('kubectl', ['apply', ...how, '-f', '-'], {
      input: there,
      encoding: 'utf8',
    })
    t.is(status, 0, stderr)
    t.notRegex(stderr, /warning/i)
  })
}

test('bound to namespaces with no right in the cluster: Roles alone', t => {
  const own = render('watchNamespaces={a,b}', 'webhook.enabled=false', 'nodeMetrics.enabled=false')
  t.deepEqual(kinds(own, clusterWide), [])
  const roles = own.filter(({ kind }) => kind === 'RoleBinding').map(o => o.metadata.namespace)
  t.deepEqual(roles.toSorted(), ['a', 'b', 'outrigger-system'])
  const both = render('watchNamespaces={a}')
  t.deepEqual(kinds(both, /^ClusterRole$/).toSorted(), [
    'ClusterRole outrigger-nodes',
    'ClusterRole outrigger-webhook',
  ])
})

test('monitors for the Prometheus operator keep the label `endpoint`', t => {
  const objects = render('monitors.enabled=true', 'monitors.labels.release=prometheus')
  t.deepEqual(kinds(objects, /Monitor$/), [
    'PodMonitor outrigger-sidecars',
    'ServiceMonitor outrigger',
  ])
  const scraped = objects.filter(o => o.metadata.labels?.['outrigger.dev/scrape'] === 'true')
  t.deepEqual(
    scraped.map(o => o.metadata.name),
    ['outrigger-controllers', 'outrigger-aggregator', 'outrigger-edges'],
  )
  for (const { spec, metadata } of objects.filter(({ kind }) => kind.endsWith('Monitor'))) {
    t.is(metadata.labels?.release, 'prometheus')
    const scrapes = spec?.endpoints ?? spec?.podMetricsEndpoints
    const [each] = scrapes as Record<string, unknown>[]
    t.true(each?.honorLabels)
  }
})

const wrong: [string, RegExp][] = [
  ['image.tga=x', /'tga' not allowed/],
  ['edge.replica=3', /'replica' not allowed/],
  ['replicas=3', /'replicas' not allowed/],
  ['controller.replicas=0', /minimum/],
  ['controller.resources.request.cpu=1', /'request' not allowed/],
  ['logLevel=loud', /one of/],
  ['log.keepdays=3', /'keepdays' not allowed/],
  ['telemetry.environment.FOO=x', /FOO/],
  ['watchNamespaces={Upper}', /does not match pattern/],
  ['image.digest=abc', /does not match pattern/],
  ['gpuMetrics.selectors={dcgm}', /does not match pattern/],
]
for (const [value, pattern] of wrong) {
  test(`refused: --set ${value}`, t => {
    t.throws(() => render(value), { message: pattern })
  })
}
