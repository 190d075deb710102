import test from 'ava'
import {
  millisOf,
  readResources,
  usageOf,
} from '../../../../controller/kubernetes/usage/resources.ts'
import { UsageWatch } from '../../../../controller/kubernetes/usage/kubelets.ts'
import type { Pod } from '../../../../controller/kubernetes/watch/objects.ts'
import { pod } from '../support/objects.ts'

/** As a kubelet of Kubernetes 1.36 writes it. */
function page(seconds: number, at: number, bytes: number, container = 'app'): string {
  const labels = `{container="${container}",namespace="shop",pod="model-aaa-x"}`
  return [
    '# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container',
    '# TYPE container_cpu_usage_seconds_total counter',
    `container_cpu_usage_seconds_total${labels} ${seconds} ${at}`,
    '# TYPE container_memory_working_set_bytes gauge',
    `container_memory_working_set_bytes${labels} ${bytes} ${at}`,
    'node_cpu_usage_seconds_total 1522.895100683 1795597363961',
    'resource_scrape_error 0',
    '',
  ].join('\n')
}

function withResources(resources: object, more: object[] = []): Pod {
  const made = pod('shop/model', 'x')
  made.spec = { containers: [{ name: 'app', resources }, ...more] as never }
  return made
}

const before = readResources(page(10, 1_000_000, 1))
const after = readResources(page(11, 1_005_000, 100 * 1024 * 1024))

test('CPU of the limit over the span of the readings, memory of its limit', t => {
  const limits = { cpu: '500m', memory: '200Mi' }
  t.deepEqual(usageOf(withResources({ limits }), before, after), {
    cpuPermille: 400,
    memoryPermille: 500,
  })
})

test('CPU of the request where there is no limit; without either, and before a second reading, unknown', t => {
  const requests = { cpu: '1', memory: '1Gi' }
  const none = { cpuPermille: null, memoryPermille: null }
  t.deepEqual(usageOf(withResources({ requests }), before, after), { ...none, cpuPermille: 200 })
  t.deepEqual(usageOf(withResources({}), before, after), none)
  const limits = { cpu: '1', memory: '100Mi' }
  t.deepEqual(usageOf(withResources({ limits }), new Map(), after), {
    cpuPermille: null,
    memoryPermille: 1000,
  })
})

test('a container that was started again, a reading that is not newer, our own container', t => {
  const limited = withResources({ limits: { cpu: '1' } })
  const cpu = (a: string, b: string) =>
    usageOf(limited, readResources(a), readResources(b)).cpuPermille
  t.is(cpu(page(10, 1000, 1), page(1, 6000, 1)), null)
  t.is(cpu(page(10, 1000, 1), page(10, 1000, 1)), null)
  const sidecar = withResources({}, [{ name: 'outrigger', resources: { limits: { cpu: '1m' } } }])
  const own = (seconds: number, at: number) => readResources(page(seconds, at, 1, 'outrigger'))
  t.is(usageOf(sidecar, own(1, 0), own(2, 5000)).cpuPermille, null)
})

test('the container that is nearest to its bound speaks for the pod', t => {
  const two = withResources({ limits: { cpu: '10' } }, [
    { name: 'helper', resources: { limits: { cpu: '100m' } } },
  ])
  const both = (seconds: number, at: number) =>
    readResources(page(seconds, at, 1) + page(seconds / 10, at, 1, 'helper'))
  t.is(usageOf(two, both(0, 0), both(5, 10_000)).cpuPermille, 500)
})

test('CPU of all containers but ours in thousandths of a core, with or without limits', t => {
  const two = withResources({}, [{ name: 'helper' }, { name: 'outrigger' }])
  const all = (seconds: number, at: number) =>
    readResources(
      page(seconds, at, 1) + page(seconds / 10, at, 1, 'helper') + page(9, at, 1, 'outrigger'),
    )
  t.is(millisOf(two, all(0, 0), all(5, 10_000)), 550)
  t.is(millisOf(two, new Map(), all(5, 10_000)), null)
})

test('text of any kind gives an answer', t => {
  for (const text of ['', '\u0000', 'container_cpu_usage_seconds_total{', 'x'.repeat(9_000_000)])
    t.is(readResources(text).size, 0)
  t.is(readResources(page(Number.NaN, 1, -1)).size, 0)
})

test('each host is asked once a round; one that fails rests, ever longer, and its values grow old', async t => {
  let now = 0
  let seconds = 0
  let fails = false
  const asked: string[] = []
  const said: string[] = []
  const limited = withResources({ limits: { cpu: '1' } })
  const watch = new UsageWatch({
    read: async host => {
      asked.push(host)
      if (fails) throw new Error('self-signed certificate')
      return page((seconds += 2), now, 1)
    },
    pods: () => [limited, { ...limited, metadata: { ...limited.metadata, name: 'other' } }],
    log: (_level, message, fields) => void said.push(`${message} ${String(fields?.['why'] ?? '')}`),
    time: { now: () => now, after: () => () => undefined, random: () => 0 },
  })
  const round = async (ms: number): Promise<void> => {
    now += ms
    await watch.look()
  }
  await round(5000)
  t.is(watch.of('shop/model-aaa-x'), null)
  await round(5000)
  t.deepEqual(watch.of('shop/model-aaa-x'), { cpuPermille: 400, memoryPermille: null })
  t.deepEqual(asked, ['10.0.0.1', '10.0.0.1'])
  fails = true
  for (let i = 0; i < 6; i++) await round(5000)
  t.is(asked.length, 5)
  t.is(watch.of('shop/model-aaa-x'), null)
  t.is(said.length, 1)
  t.regex(said[0] ?? '', /self-signed certificate; .* OUTRIGGER_KUBELETS=insecure/)
  fails = false
  await round(60_000)
  t.is(said[1], 'a kubelet answers again ')
  t.deepEqual(watch.figures(), { asked: 1, requests: 6, failures: 3 })
})

test('numbers that nothing can use are none', t => {
  const limits = { cpu: '1', memory: '1Gi' }
  const endless = readResources(page(Infinity, 1_005_000, Infinity).replaceAll('Infinity', '+Inf'))
  const none = { cpuPermille: null, memoryPermille: null }
  t.deepEqual(usageOf(withResources({ limits }), before, endless), none)
  t.is(millisOf(withResources({ limits }), before, endless), null)
  const timeless = readResources(page(11, Infinity, 1).replaceAll(' Infinity', ' NaN'))
  t.is(millisOf(withResources({ limits }), before, timeless), null)
})
