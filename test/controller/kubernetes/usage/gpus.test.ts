import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { GpuWatch } from '../../../../controller/kubernetes/usage/exporters.ts'
import { openReaders } from '../../../../controller/kubernetes/usage/readers.ts'
import { readGpus } from '../../../../controller/kubernetes/usage/gpus.ts'
import type { Pod } from '../../../../controller/kubernetes/watch/objects.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'
import { HandTime, until } from '../../../support/hand-time.ts'
import { deployment, pod } from '../support/objects.ts'

const recorded = (name: string): string =>
  readFileSync(new URL(`recorded/${name}.txt`, import.meta.url), 'utf8')
const whole = recorded('dcgm-exporter')
const X = 'shop/model-aaa-x'
const Y = 'shop/model-aaa-y'
const told = (text: string): Record<string, number> | null => {
  const gpus = readGpus(text)
  return gpus === null ? null : Object.fromEntries(gpus)
}

test('the mean of the devices of a pod; one that nobody has is nobody', t => {
  t.deepEqual(told(whole), { [X]: 925, [Y]: 70 })
})

test('the engine where utilisation is missing, and of MIG instances, where it is 0', t => {
  const without = whole.replaceAll(/^DCGM_FI_DEV_GPU_UTIL\{.*\n/gm, '')
  t.deepEqual(told(without), { [X]: 837, [Y]: 61 })
  t.deepEqual(told(recorded('dcgm-exporter-mig')), { [X]: 912, [Y]: 250 })
})

test('labels as others write them', t => {
  const busy = (labels: string, value = '40'): string =>
    `DCGM_FI_DEV_GPU_UTIL{gpu="0",${labels}} ${value}\n`
  const cases: Record<string, string> = {
    'through Prometheus':
      'namespace="gpu-operator",pod="dcgm-1",exported_namespace="a",exported_pod="b"',
    'old exporters': 'container_name="c",pod_name="b",pod_namespace="a"',
    'without quotes around nothing': 'namespace="a",pod="b",container="",vgpu="3"',
  }
  for (const [name, labels] of Object.entries(cases))
    t.deepEqual(told(busy(labels)), { 'a/b': 400 }, name)
  // Nobody's, and what is no share.
  for (const labels of ['namespace="",pod=""', 'namespace="a"', 'pod="b"'])
    t.deepEqual(told(busy(labels)), {}, labels)
  for (const value of ['9223372036854775794', 'NaN', '-1', '+Inf'])
    t.deepEqual(told(busy('namespace="a",pod="b"', value)), {}, value)
  t.deepEqual(told(busy('namespace="a",pod="b"', '101')), { 'a/b': 1000 })
})

test('text of any kind gives an answer', t => {
  for (const text of ['', 'up 1\n', '<html>', 'x'.repeat(9_000_000)]) t.is(readGpus(text), null)
  const garbled = fc.array(fc.oneof(fc.string(), fc.constantFrom(...whole.split('\n'))))
  fc.assert(
    fc.property(garbled, lines =>
      [...(readGpus(lines.join('\n')) ?? new Map<string, number>()).values()].every(
        used => Number.isInteger(used) && used >= 0 && used <= 1000,
      ),
    ),
  )
})

const PODS = '/api/v1/namespaces/gpu-operator/pods'
const SELECTORS = ['app.kubernetes.io/name=dcgm-exporter', 'app=nvidia-dcgm-exporter']

/** As a DaemonSet makes it. */
function exporter(
  name: string,
  parts: { ip?: string; host?: string; made?: number; ready?: boolean } = {},
) {
  const { ip = '10.244.0.4', host = '10.0.0.1', made = 0, ready = true } = parts
  const out = pod(`gpu-operator/${name}`, 'e', { ready, created: made })
  out.metadata.labels = { app: 'nvidia-dcgm-exporter' }
  out.status = { ...out.status, podIP: ip, hostIP: host }
  return out
}

function stage(fake: FakeApiServer, pods: readonly Pod[]) {
  const time = new HandTime()
  const asked: string[] = []
  const said: string[] = []
  const page = { text: whole }
  const watch = new GpuWatch({
    kube: fake.kube(),
    selectors: SELECTORS,
    namespaces: [],
    pods: () => pods,
    read: async url => {
      asked.push(url.href)
      return page.text
    },
    log: (_level, message, fields) => void said.push(`${message}: ${String(fields?.['why'])}`),
    time,
  })
  const known = (): number =>
    Object.values(watch.informers()).reduce((sum, { objects }) => sum + objects, 0)
  const put = (name: string, made: object): void =>
    void fake.store.put(`${PODS}/${name}`, made as never)
  return { time, asked, said, page, watch, known, put }
}

test('the exporter beside a replica is asked, and no other; without one nobody is', async t => {
  const fake = await FakeApiServer.start()
  const here = pod('shop/model', 'x')
  const there = pod('shop/model', 'y', { status: { hostIP: '10.0.0.2' } })
  const on = stage(fake, [here, there])
  t.teardown(async () => {
    on.watch.stop()
    await fake.stop()
  })
  on.watch.start()
  await until(
    () => Object.values(on.watch.informers()).every(({ relists }) => relists === 1),
    'both lists',
  )
  await on.watch.look()
  t.deepEqual(on.asked, [])
  t.deepEqual(on.watch.figures(), { asked: 0, requests: 0, failures: 0 })
  on.put('away', exporter('away', { host: '10.0.0.9' }))
  on.put('new', exporter('new', { ip: '10.244.0.5', made: 60 }))
  on.put('unready', exporter('unready', { host: '10.0.0.2', ready: false }))
  const named = exporter('old')
  named.spec = {
    containers: [{ name: 'e', ports: [{ name: 'metrics', containerPort: 9401 }] }],
  } as never
  on.put('old', named)
  on.put('other', { ...exporter('other'), metadata: { ...exporter('other').metadata, labels: {} } })
  await until(() => on.known() === 3, 'the pods')
  await on.watch.look()
  t.deepEqual(on.asked, ['http://10.244.0.4:9401/metrics'])
  t.is(on.watch.of(X), 925)
  // On another node: this exporter has no say.
  t.is(on.watch.of(Y), null)
  const wanted = fake.requests.map(({ path, query }) => `${path} ${query['labelSelector']}`)
  t.deepEqual(
    [...new Set(wanted)].toSorted(),
    SELECTORS.map(each => `/api/v1/pods ${each}`),
  )
})

test('IPv6 and the usual port; a page without GPUs is said once, and numbers grow old', async t => {
  const fake = await FakeApiServer.start()
  const on = stage(fake, [pod('shop/model', 'x')])
  t.teardown(async () => {
    on.watch.stop()
    await fake.stop()
  })
  on.put('six', exporter('six', { ip: 'fd00::4' }))
  on.watch.start()
  await until(() => on.known() === 1, 'the pod')
  await on.watch.look()
  t.is(on.asked.at(-1), 'http://[fd00::4]:9400/metrics')
  t.is(on.watch.of(X), 925)
  on.page.text = 'up 1\n'
  for (let i = 0; i < 6; i++) {
    on.time.advance(5000)
    await on.watch.look()
  }
  t.is(on.watch.of(X), null)
  t.is(on.said.length, 1)
  t.regex(on.said[0] ?? '', /^can't read an exporter of GPU metrics: expected DCGM_FI_DEV_GPU_UTIL/)
})

test('beside what kubelets say, or alone; load balancers are read alike', async t => {
  const fake = await FakeApiServer.start()
  const time = new HandTime()
  const annotations = { 'outrigger.dev/load-balancer-metrics': 'http://lb/metrics#gauge=waiting' }
  const readers = openReaders({
    kube: fake.kube(),
    access: null,
    verifyKubelets: true,
    gpuExporters: SELECTORS,
    watchNamespaces: ['gpu-operator'],
    pods: () => [pod('shop/model', 'x')],
    deployments: () => [deployment('shop/model', { annotations })],
    read: async url => (url.port === '9400' ? whole : 'waiting 3\n'),
    log: () => undefined,
    time,
  })
  t.teardown(async () => {
    readers.stop()
    await fake.stop()
  })
  fake.store.put(`${PODS}/e`, exporter('e') as never)
  readers.start()
  await until(() => {
    time.advance(50)
    return readers.usage(X) !== null
  }, 'GPU use')
  t.deepEqual(readers.usage(X), { cpuPermille: null, memoryPermille: null, gpuPermille: 925 })
  t.is(readers.usage(Y), null)
  t.is(readers.held('shop/model'), 3)
  t.is(readers.cpuMillis(X), null)
  t.like(readers.figures(), { kubelets: null, gpus: { asked: 1, failures: 0 } })
})
