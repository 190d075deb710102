import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { HEADERS } from '../../../core/model/tables.ts'
import { Refused, serve, type Ask, type Route } from '../../../core/runtime/admin.ts'
import { folder } from '../../controller/support/folder.ts'
import { FakeApiServer } from '../../support/fake-api-server.ts'

/** A cluster as `outrigger` finds it by a kubeconfig: an API server, and a controller behind its proxy. */
export interface FakeCluster {
  api: FakeApiServer
  /** Path of the kubeconfig: its context `fake` has the namespace `ml`. */
  kubeconfig: string
  /** Of what the controller was asked: method, path, and the body. */
  asked: { what: string; json: unknown }[]
}

export const RELEASE = '/api/v1/namespaces/outrigger-system'
export const CONTROLLER = `${RELEASE}/services/outrigger-controller:15040`
const TOKEN = 'shared'

/** Sets KUBECONFIG of this test file's worker: its tests run one after the other. */
export async function fakeCluster(
  t: ExecutionContext,
  routes: readonly Route[],
): Promise<FakeCluster> {
  const api = await FakeApiServer.start()
  const asked: FakeCluster['asked'] = []
  const controller = await serve({
    host: '127.0.0.1',
    port: 0,
    routes: routes.map(route => ({ ...route, handle: ask => handled(route, ask, asked) })),
  })
  api.token = 'mine'
  api.proxies.set(CONTROLLER, `http://${controller.address}`)
  const token = Buffer.from(TOKEN).toString('base64')
  api.store.put(`${RELEASE}/secrets/outrigger-token`, {
    metadata: { name: 'outrigger-token' },
    data: { token },
  })
  const kubeconfig = join(folder(t), 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify(configOf(api.url)))
  process.env.KUBECONFIG = kubeconfig
  t.teardown(async () => {
    await api.stop()
    await controller.close()
  })
  return { api, kubeconfig, asked }
}

async function handled(
  route: Route,
  ask: Ask,
  asked: FakeCluster['asked'],
): Promise<Awaited<ReturnType<Route['handle']>>> {
  if (ask.headers[HEADERS.token] !== TOKEN) throw new Refused(401, 'this needs the token')
  if (ask.headers.authorization !== undefined) throw new Refused(400, 'got our credentials')
  const json = ask.method === 'PUT' ? await ask.json() : undefined
  asked.push({ what: `${ask.method} ${ask.path}?${ask.query.toString()}`, json })
  return route.handle({ ...ask, json: () => Promise.resolve(json) })
}

function configOf(server: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'mine' } }],
    contexts: [{ name: 'fake', context: { cluster: 'c', user: 'u', namespace: 'ml' } }],
  }
}
