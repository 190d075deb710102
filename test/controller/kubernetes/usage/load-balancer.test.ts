import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { fetchPage, isForbidden } from '../../../../controller/kubernetes/usage/page.ts'
import {
  balancerRounds,
  readBalancer,
  readBalancerUrl,
} from '../../../../controller/kubernetes/usage/load-balancer.ts'

const recorded = readFileSync(new URL('recorded/envoy-stats.txt', import.meta.url), 'utf8')

const envoy = (cluster: string | null) => ({ cluster, gauge: null })

// Recorded from Envoy 1.40, with 23 requests for 8 connections and 12 places to wait, 4 for 3 in another cluster.
test("Envoy's statistics, as its admin page writes them: of one cluster, and of all", t => {
  t.deepEqual(readBalancer(recorded, envoy('model')), { held: 11, active: 8, healthy: 2 })
  t.deepEqual(readBalancer(recorded, envoy(null)), { held: 12, active: 11, healthy: 3 })
  const mesh = recorded.replaceAll('envoy_cluster_name', 'cluster_name')
  t.deepEqual(readBalancer(mesh, envoy('other')), { held: 1, active: 3, healthy: 1 })
  t.is(readBalancer(recorded, envoy('nobody')), null)
  t.is(readBalancer('up 1\n', envoy(null)), null)
})

test('what the annotation may say', t => {
  const read = (text: string): unknown => {
    const found = readBalancerUrl(text)
    return found === null ? null : [found.url.href, found.what.cluster, found.what.gauge]
  }
  t.deepEqual(read('http://envoy.mesh:9901/stats/prometheus'), [
    'http://envoy.mesh:9901/stats/prometheus',
    null,
    null,
  ])
  t.deepEqual(read('https://e/stats/prometheus?usedonly#out|80||model'), [
    'https://e/stats/prometheus?usedonly',
    'out|80||model',
    null,
  ])
  t.deepEqual(read('http://lb/metrics#gauge=waiting'), ['http://lb/metrics', null, 'waiting'])
  t.is(readBalancerUrl('http://lb/#%zz')?.what.cluster, '%zz')
  const gauge = { cluster: null, gauge: 'waiting' }
  t.is(readBalancer('waiting{a="1"} 3\nwaiting{a="2"} 4\n', gauge)?.held, 7)
  for (const text of ['', 'envoy:9901', 'file:///etc/passwd', `http://x/${'y'.repeat(3000)}`])
    t.is(read(text), null)
})

test('nobody is sent to this machine, nor to where clouds keep secrets', async t => {
  for (const ip of ['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '::1', '::', 'fe80::1'])
    t.true(isForbidden(ip), ip)
  t.true(isForbidden('::ffff:169.254.169.254'))
  for (const ip of ['10.244.1.7', '192.168.1.1', 'fd00::7', '::ffff:10.0.0.1'])
    t.false(isForbidden(ip), ip)
  const server = createServer((_, response) => response.end('secret'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  for (const host of ['127.0.0.1', 'localhost', '2130706433'])
    await t.throwsAsync(fetchPage(new URL(`http://${host}:${port}/`)), {
      message: /not an address that is asked/,
    })
})

test('what waits there is known while it is fresh, and a failure is said once', async t => {
  let now = 0
  let text = recorded
  const said: unknown[] = []
  const urls = new Map([['shop/model', 'http://envoy:9901/stats/prometheus#model']])
  const watch = balancerRounds({
    urls: () => urls,
    read: async () => text,
    log: (_level, message, fields) => void said.push(fields?.['why'] ?? message),
    time: { now: () => now, after: () => () => undefined, random: () => 0 },
  })
  await watch.look()
  t.is(watch.of('shop/model'), 11)
  text = 'nothing'
  for (let i = 0; i < 4; i++) {
    now += 5000
    await watch.look()
  }
  t.is(watch.of('shop/model'), null)
  t.deepEqual(said, ['expected envoy_cluster_upstream_rq_pending_active, got a page without it'])
  text = recorded
  now += 60_000
  await watch.look()
  t.is(watch.of('shop/model'), 11)
  t.deepEqual(said.slice(1), ["a load balancer's metrics are read again"])
  urls.clear()
  await watch.look()
  t.is(watch.of('shop/model'), null)
})

test('a number that no load balancer can mean is none: it would spoil what is computed from it', t => {
  const gauge = (value: string) => readBalancer(`g ${value}\n`, { cluster: null, gauge: 'g' })
  t.is(gauge('1e308'), null)
  t.is(gauge('1e9')?.held, 1e9)
  t.is(readBalancer('g{a="1"} 1e308\ng{a="2"} 1e308\n', { cluster: null, gauge: 'g' }), null)
  t.is(readBalancer('envoy_cluster_upstream_rq_pending_active 1e308\n', envoy(null)), null)
})
