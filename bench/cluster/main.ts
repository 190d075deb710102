import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { decided, logBytes, page, settled, startController } from './controller.ts'
import { Audit, share, useOf, type Page, type Use } from './figures.ts'
import { until } from '../../test/cluster/machine/processes.ts'
import { build, freePort, pidOf, root, start, state, stop, stopAll } from './machine.ts'
import { makeEndpoints, makeNodes } from './objects.ts'
import { startPlane } from './plane.ts'

/**
 * What the controller costs with a large fleet: its CPU and memory, its requests to the API server, and the
 * time of its ticks; calm, then while one endpoint in ten scales, then after a restart. Linux, Go, etcd.
 */
const { values } = parseArgs({
  options: {
    endpoints: { type: 'string', default: '1000' },
    replicas: { type: 'string', default: '10' },
    nodes: { type: 'string', default: '50' },
    /** Seconds at most until limits are learned, then of each phase. */
    settle: { type: 'string', default: '420' },
    calm: { type: 'string', default: '180' },
    busy: { type: 'string', default: '120' },
    /** A folder for a CPU profile. */
    profile: { type: 'string', default: '' },
    /** Leaves the logs of all processes. */
    keep: { type: 'boolean', default: false },
  },
})
const [endpoints, replicas, nodes] = [values.endpoints, values.replicas, values.nodes].map(
  Number,
) as [number, number, number]
const PARTS = ['controller', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd']

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopAll(true).finally(() => process.exit(1)))
try {
  await run()
} finally {
  if (values.keep) console.log(`logs are in ${state}`)
  await stopAll(!values.keep)
}

async function run(): Promise<void> {
  build()
  const plane = await startPlane()
  const [sidecars, aggregator, webhook] = await Promise.all([freePort(), freePort(), freePort()])
  start('fleet', process.execPath, [
    join(import.meta.dirname, 'fleet.ts'),
    String(sidecars),
    String(aggregator),
  ])
  await makeNodes(plane.kube, nodes)
  await makeEndpoints(plane.kube, { endpoints, replicas, adminPort: sidecars })
  const wanted = endpoints * replicas
  await until('all pods run', async () => (await running(plane.kube)) >= wanted, { seconds: 900 })
  console.log(`${endpoints} endpoints, ${wanted} pods on ${nodes} nodes`)

  const audit = new Audit(plane.auditLog)
  const begin = performance.now()
  const options = { kubeconfig: plane.kubeconfig, aggregator, webhook, profile: values.profile }
  startController(options)
  const first = { ...(await decided(endpoints, begin)), requests: audit.take() }
  console.log('first start', first)
  await settled(Number(values.settle))
  audit.take()

  const calm = await phase(Number(values.calm), audit)
  console.log('calm', calm)
  const tell = `http://127.0.0.1:${aggregator}/busy/${Math.ceil(endpoints / 10)}`
  await fetch(tell, { method: 'PUT' })
  const busy = await phase(Number(values.busy), audit)
  console.log('busy', busy)
  const fleet: unknown = await (await fetch(`http://127.0.0.1:${aggregator}/counts`)).json()
  const pods = await running(plane.kube)

  await stop('controller')
  audit.take()
  const again = performance.now()
  startController(options)
  const restart = { ...(await decided(endpoints, again)), requests: audit.take() }
  console.log('restart', restart)
  const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version }
  const size = { endpoints, replicas, nodes, podsAfter: pods }
  const result = { machine, size, first, calm, busy, restart, fleet }
  mkdirSync(join(root, 'bench/results'), { recursive: true })
  const path = join(root, 'bench/results/cluster.json')
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`)
  console.log(readFileSync(path, 'utf8'))
  assertNoPolling(calm.requests)
}

/** What all parts use and what the controller asks during so many seconds. */
async function phase(seconds: number, audit: Audit) {
  const before = { page: await page(), use: uses(), log: logBytes(), at: performance.now() }
  audit.take()
  await sleep(seconds * 1000)
  const requests = audit.take()
  const after = { use: uses(), log: logBytes(), at: performance.now() }
  const now = await page()
  const took = (after.at - before.at) / 1000
  const parts = Object.fromEntries(
    PARTS.map(name => {
      const [from, to] = [before.use[name], after.use[name]]
      if (from === undefined || to === undefined) return [name, null]
      const { rssMiB, pssMiB } = to
      return [name, { cpuPercent: share(from, to, took), rssMiB, pssMiB }]
    }),
  )
  const asked = Object.values(requests).reduce((sum, count) => sum + count, 0)
  return {
    seconds: Math.round(took),
    parts,
    tick: ticks(before.page, now),
    requestsPerMinute: Math.round((asked * 60) / took),
    requests,
    logBytesPerMinute: Math.round(((after.log - before.log) * 60) / took),
    decisions: changed(before.page, now, 'outrigger_decisions_total'),
    changes:
      changed(before.page, now, 'outrigger_decisions_total') -
      changed(before.page, now, 'outrigger_decisions_total', 'action="hold"'),
  }
}

function ticks(before: Page, now: Page) {
  const name = 'outrigger_tick_seconds'
  const count = changed(before, now, `${name}_count`)
  const sum = changed(before, now, `${name}_sum`)
  return {
    count,
    meanMs: Math.round((1000 * sum) / count),
    p50BelowMs: 1000 * now.quantile(name, 0.5, before),
    p99BelowMs: 1000 * now.quantile(name, 0.99, before),
    worstBelowMs: 1000 * now.quantile(name, 1, before),
  }
}

function changed(before: Page, now: Page, name: string, label = ''): number {
  return now.sum(name, label) - before.sum(name, label)
}

function uses(): Record<string, Use> {
  return Object.fromEntries(PARTS.map(name => [name, useOf(pidOf(name))]))
}

/** Injected pods that run, by the API server's own count. */
async function running(kube: Awaited<ReturnType<typeof startPlane>>['kube']): Promise<number> {
  const query = {
    labelSelector: 'outrigger.dev/injected=true',
    fieldSelector: 'status.phase=Running',
  }
  const { items, metadata } = await kube.get<{
    items: unknown[]
    metadata: { remainingItemCount?: number; continue?: string }
  }>('/api/v1/pods', { ...query, limit: 1 })
  if (metadata.remainingItemCount !== undefined) return items.length + metadata.remainingItemCount
  if (metadata.continue === undefined) return items.length
  return (await kube.list('/api/v1/pods', query)).items.length
}

/** Lists come with relists, half an hour apart; what else is asked again and again is ours by name. */
function assertNoPolling(requests: Record<string, number>): void {
  const lists = Object.entries(requests).filter(
    ([what, count]) => /^list (pods|deployments)$/.test(what) && count > 30,
  )
  if (lists.length > 0) throw new Error(`expected no polling, got ${JSON.stringify(lists)}`)
}
