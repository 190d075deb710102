import test from 'ava'
import { KubeConfig } from '@kubernetes/client-node'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { podAccess } from '../../../../controller/kubernetes/api/access.ts'
import { kubeOf, kubeWith } from '../../../../controller/kubernetes/api/client.ts'
import {
  renewed,
  type Certificates,
} from '../../../../controller/kubernetes/webhook/certificates.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'

test("a pod's token is read again as it rotates, and at once when it is refused", async t => {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-access-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const mount = (token: string): void => {
    writeFileSync(join(folder, 'token'), `${token}\n`)
    writeFileSync(join(folder, 'ca.crt'), 'CA')
  }
  let now = 0
  mount('one')
  const access = podAccess('fd00::1', '443', folder, () => now)
  const reach = await access.reach()
  t.is(reach.server, 'https://[fd00::1]:443')
  t.deepEqual(reach.headers, { authorization: 'Bearer one' })
  mount('two')
  now = 59_999
  t.is((await access.reach()).headers.authorization, 'Bearer one')
  now = 60_000
  t.is((await access.reach()).headers.authorization, 'Bearer two')

  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  api.token = 'three'
  api.store.put('/api/v1/nodes/n', { metadata: {} })
  mount('three')
  const kube = kubeWith({
    refused: () => access.refused(),
    reach: async () => ({ ...(await access.reach()), server: api.url }),
  })
  await t.notThrowsAsync(kube.get('/api/v1/nodes/n'), 'asked again with the new token')
  api.token = 'four'
  await t.throwsAsync(kube.get('/api/v1/nodes/n'), { message: 'Unauthorized' })
  t.is(api.requests.length, 4, 'once more, not for ever')
})

test('a kubeconfig gives server, token and path', async t => {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  api.token = 'secret'
  api.store.put('/api/v1/nodes/n', { metadata: {} })
  const config = new KubeConfig()
  const cluster = { name: 'c', server: `${api.url}/`, skipTLSVerify: true }
  config.loadFromClusterAndUser(cluster, { name: 'u', token: 'secret' })
  await t.notThrowsAsync(kubeOf(config).get('/api/v1/nodes/n'))
  const empty = new KubeConfig()
  empty.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: 'none' })
  await t.throwsAsync(kubeOf(empty).get('/api/v1/nodes/n'), {
    message: 'expected a kubeconfig whose current context has a cluster, got none',
  })
})

test("a server is trusted by the pod's own authority and by no other", async t => {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-access-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const made = (mark: string): Certificates =>
    renewed(null, { names: ['localhost'], now: Date.now(), published: null, tag: () => mark })
  const [right, wrong] = [made('right'), made('wrong')]
  const server = createServer({ cert: right.serving.cert, key: right.serving.key })
  server.on('request', (_request, response) => response.end('{"ok":true}'))
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  const { port } = server.address() as AddressInfo
  const ask = (bundle: string): Promise<unknown> => {
    writeFileSync(join(folder, 'token'), 'one')
    writeFileSync(join(folder, 'ca.crt'), bundle)
    return kubeWith(podAccess('localhost', String(port), folder)).get('/version')
  }
  t.deepEqual(await ask(right.bundle), { ok: true })
  await t.throwsAsync(ask(wrong.bundle), { message: /^GET \/version: .*(certificate|signature)/ })
  t.deepEqual(
    await ask(right.bundle),
    { ok: true },
    'a kept connection of one trust is not of another',
  )
})
