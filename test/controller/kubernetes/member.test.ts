import { generateKeyPairSync } from 'node:crypto'
import { appendFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ClusterConfig } from '../../../controller/config.ts'
import { Events } from '../../../controller/kubernetes/api/events.ts'
import { systemTime } from '../../../controller/kubernetes/api/time.ts'
import { injecting } from '../../../controller/kubernetes/injecting.ts'
import type { Around } from '../../../controller/kubernetes/member.ts'
import { Surroundings } from '../../../controller/kubernetes/surroundings.ts'
import { Waiting } from '../../../controller/kubernetes/waiting.ts'
import { logDirOf } from '../../../controller/journal.ts'
import { ScaleChanges } from '../../../controller/kubernetes/webhook/scaled.ts'
import { readConfig } from '../../../controller/config.ts'
import { signals } from '../../../core/model/signals.ts'
import { HEADERS } from '../../../core/model/tables.ts'
import { call } from '../../../core/runtime/call.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'
import { folder } from '../support/folder.ts'
import { deployment } from './support/objects.ts'

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/outrigger-system/leases/outrigger-controller'

/** A port that is free now: a leader opens the one of the standby that it was again. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

async function around(
  t: ExecutionContext,
  api: FakeApiServer,
  pod: string,
  admin = '',
): Promise<Around> {
  const given = readConfig({
    OUTRIGGER_PLATFORM: 'kubernetes',
    OUTRIGGER_NAMESPACE: 'outrigger-system',
    OUTRIGGER_POD: pod,
    OUTRIGGER_IMAGE: 'outrigger',
    OUTRIGGER_AGGREGATOR: '127.0.0.1:1',
    OUTRIGGER_ADMIN: admin === '' ? `127.0.0.1:${await freePort()}` : admin,
    OUTRIGGER_STATE_DIR: folder(t),
    OUTRIGGER_WEBHOOK: 'off',
    OUTRIGGER_KUBELETS: 'off',
    OUTRIGGER_LOG_LEVEL: 'error',
  })
  const cluster = given.platform as ClusterConfig
  const config = { ...given, token: 'a-token' }
  const log = (): void => undefined
  const kube = api.kube()
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const keys = {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  }
  const events = new Events({ kube, log, instance: pod })
  const at = { kube, log, time: systemTime, watchNamespaces: [], namespaces: true }
  const surroundings = new Surroundings(at)
  surroundings.start()
  const decide = injecting(cluster, keys.publicKey, of => surroundings.of(of))
  const base = { config, cluster, version: '1', log, kube, keys, events }
  return { ...base, changes: new ScaleChanges(), surroundings, decide }
}

/** Samples of a page by name and labels. */
async function page(address: string): Promise<Map<string, number>> {
  const { json } = await call('GET', `http://${address}/metrics`)
  const lines = String(json).split('\n')
  const rows = lines.filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    rows.map(line => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))]
    }),
  )
}

/** An API server with one endpoint. */
async function cluster(): Promise<FakeApiServer> {
  const api = await FakeApiServer.start()
  api.fault = ({ path }) =>
    path === '/version' ? { status: 200, body: '{"major":"1","minor":"33"}' } : null
  api.store.put(
    '/apis/apps/v1/namespaces/shop/deployments/model',
    deployment('shop/model') as never,
  )
  return api
}

async function until(so: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000
  while (!(await so().catch(() => false))) {
    if (performance.now() > end) throw new Error('expected it within 20 s')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

test('one leads and one stands by; both show what they count on /metrics, each its own', async t => {
  const api = await cluster()
  api.store.put('/api/v1/namespaces/shop/services/model', { spec: {} })
  const first = (await Waiting.open(await around(t, api, 'outrigger-controller-0'), null)).member()
  await until(async () => (await page(first.address)).get('outrigger_acting') === 1)
  const other = (await Waiting.open(await around(t, api, 'outrigger-controller-1'), null)).member()
  t.teardown(async () => {
    await other.close()
    await first.close()
    await api.stop()
  })
  const leads = await page(first.address)
  t.is(leads.get('outrigger_lease_held'), 1)
  t.is(leads.get('outrigger_informer_objects{kind="deployments"}'), 1)
  t.is(leads.get('outrigger_informer_objects{kind="services"}'), 1)
  t.is(leads.get('outrigger_services_rewritten_total'), 0)

  const waits = await page(other.address)
  t.is(waits.get('outrigger_lease_held'), 0)
  t.is(waits.get('outrigger_informer_objects{kind="services"}'), 1)
  t.false(waits.has('outrigger_informer_objects{kind="deployments"}'))
  // A standby is no controller that does not act: that is an alert.
  for (const name of Object.keys(signals.controller)) t.false(waits.has(name), name)
  const ready = await call('GET', `http://${other.address}/readyz`)
  t.is(ready.status, 200)
})

test('one that is told to end while it takes over, and the API server answers no more, ends', async t => {
  const api = await FakeApiServer.start()
  let asked = false
  api.fault = ({ path }) => {
    if (!path.startsWith('/apis/apps/')) return null
    asked = true
    return { status: 503, body: '' }
  }
  const of = await around(t, api, 'outrigger-controller-0')
  const member = (await Waiting.open(of, null)).member()
  t.teardown(() => api.stop())
  await until(() => Promise.resolve(asked))
  const started = performance.now()
  await member.close()
  t.true(performance.now() - started < 8000)
  const lease = api.store.get(LEASE) as { spec?: { holderIdentity?: string } } | null
  t.is(lease?.spec?.holderIdentity, '', 'another needs no wait')
  t.deepEqual(filesOpenBelow(of.config.stateDir), [], 'its log is closed')
})

const holderOf = (api: FakeApiServer): string => {
  const lease = api.store.get(LEASE) as { spec?: { holderIdentity?: string } } | null
  return lease?.spec?.holderIdentity?.split('_')[0] ?? ''
}

test('a leader whose log fails goes on alone, and makes way for a standby that has its log', async t => {
  const api = await cluster()
  const port = await freePort()
  // Both listen on the same port, as pods do, each at its own address.
  const members = ['127.0.0.1', '127.0.0.2'].map((podIP, i) => {
    const pod = `outrigger-controller-${i}`
    api.store.put(`/api/v1/namespaces/outrigger-system/pods/${pod}`, { status: { podIP } })
    return { pod, admin: `${podIP}:${port}` }
  })
  const [one, two] = members
  if (one === undefined || two === undefined) return t.fail()
  const of = await around(t, api, one.pod, one.admin)
  const first = (await Waiting.open(of, null)).member()
  let over = ''
  void first.over.then(why => (over = why))
  await until(async () => (await page(first.address)).get('outrigger_acting') === 1)
  const [file = ''] = readdirSync(logDirOf(of.config.stateDir))
  // What is not its own: as a failed disk it ends the writing for good.
  appendFileSync(join(logDirOf(of.config.stateDir), file), 'x')
  const headers = { [HEADERS.token]: 'a-token' }
  const json = { what: 'freeze', value: 'limit', who: 'jo' }
  await call('PUT', `http://${first.address}/v1/overrides/shop/model`, { json, headers })
  await until(async () => (await page(first.address)).get('outrigger_acting') === 0)
  t.is(holderOf(api), one.pod)
  t.is(over, '', 'alone it stays')
  const second = (await Waiting.open(await around(t, api, two.pod, two.admin), null)).member()
  t.teardown(async () => {
    await second.close()
    await first.close()
    await api.stop()
  })
  await until(() => Promise.resolve(over !== ''))
  t.regex(over, /another one is to decide: the decision log can't be written/)
  await until(async () => (await page(second.address)).get('outrigger_acting') === 1)
  t.is(holderOf(api), two.pod)
})

test('who could not write its log is no candidate until it can', async t => {
  const api = await FakeApiServer.start()
  const of = await around(t, api, 'outrigger-controller-0')
  const said: string[] = []
  const log: Around['log'] = (_, text) => void said.push(text)
  const dir = join(of.config.stateDir, 'controller')
  // A file where the folder is to be.
  writeFileSync(dir, '')
  const member = (await Waiting.open({ ...of, log }, null, 20)).member()
  t.teardown(async () => {
    await member.close()
    await api.stop()
  })
  t.is((await call('GET', `http://${member.address}/readyz`)).status, 200)
  t.deepEqual(said, ["no candidate while the decision log can't be written"])
  t.is(holderOf(api), '')
  rmSync(dir)
  await until(async () => (await page(member.address)).get('outrigger_acting') === 1)
})

function filesOpenBelow(dir: string): string[] {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(dir) ? [path] : []
    } catch {
      return []
    }
  })
}
