import { createHash, randomBytes } from 'node:crypto'
import { request, type ServerResponse } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { ask as askSidecar, recorder, sidecar, signing, type Recorded } from '../sidecar/support.ts'
import { ask, ENDPOINT, entry, fakeController, portOf, startTestEdge, until } from './bench.ts'
import { fakeSidecar } from './fake-sidecar.ts'

const LATE = 4e12

/** A model, its sidecar and an edge in front of it, all real. */
async function chain(
  t: ExecutionContext,
  answer?: (request: Recorded, response: ServerResponse) => void,
) {
  const model = await recorder(t, answer)
  const started = await sidecar(t, model.address, { OUTRIGGER_FIRST_LIMIT: '100' })
  const pass = signing.pass({ edge: 'edge-1', endpoint: ENDPOINT, until: Date.now() + 600_000 })
  const replica = { replica: 'digits-1', address: started.traffic, ready: true, revision: 'r1' }
  const controller = await fakeController(t, [entry([], { limit: 100, pass, replicas: [replica] })])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  const page = async (): Promise<string> => (await askSidecar(started.metrics, '/metrics')).body
  /** Connections of clients that the sidecar has, a lane among them. */
  const connections = async (): Promise<number> =>
    Number(/^outrigger_connections\{.*side="client".*\} (\d+)$/m.exec(await page())?.[1])
  /** All that has come goes by the lane now. */
  const settled = async (): Promise<void> => {
    await some(port)
    await until(async () => (await connections()) <= 1, 'only the lane is left')
  }
  return { model, started, port, page, connections, settled }
}

/** Some at a time: one after the other keeps the connection of the first. */
const some = (port: number): Promise<unknown> =>
  Promise.all(Array.from({ length: 4 }, () => ask(port)))

test('a hundred requests at a time share one connection', async t => {
  const held: ServerResponse[] = []
  const { port, connections, model } = await chain(t, (_request, response) => {
    if (_request.url === '/held') held.push(response)
    else response.end('ok')
  })
  await some(port)
  const all = Promise.all(Array.from({ length: 100 }, () => ask(port, { path: '/held' })))
  await until(() => held.length === 100, 'all at the model')
  t.true((await connections()) <= 3, `${await connections()}`)
  for (const response of held) response.end('late')
  t.true((await all).every(({ status, body }) => status === 200 && body === 'late'))
  t.is(model.requests.length, 104)
})

test('megabytes go both ways whole, and beside them small requests at once', async t => {
  const { port, settled } = await chain(t, (asked, response) => {
    if (asked.url === '/small') return void response.end('small')
    const body = Buffer.from(asked.body, 'latin1')
    response.setHeader('x-hash', createHash('sha256').update(body).digest('hex'))
    response.end(Buffer.concat([body, body]))
  })
  await settled()
  const bodies = Array.from({ length: 4 }, () => randomBytes(3_000_000))
  const large = Promise.all(bodies.map(body => raw(port, body)))
  for (let i = 0; i < 20; i++) t.is((await ask(port, { path: '/small' })).body, 'small')
  for (const [i, got] of (await large).entries()) {
    t.is(
      got.hash,
      createHash('sha256')
        .update(bodies[i] ?? '')
        .digest('hex'),
    )
    t.true(
      got.body.equals(Buffer.concat([bodies[i] ?? Buffer.alloc(0), bodies[i] ?? Buffer.alloc(0)])),
    )
  }
})

function raw(port: number, body: Buffer): Promise<{ hash: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': body.length }
    const asked = request({ host: '127.0.0.1', port, method: 'POST', headers }, response => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ hash: String(response.headers['x-hash']), body: Buffer.concat(parts) }),
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

test('what the fast carrier declines goes by the lane as well', async t => {
  const { port, settled, model, connections } = await chain(t)
  await settled()
  const { status, body } = await ask(port, { method: 'PROPFIND', body: 'x'.repeat(40_000) })
  t.deepEqual([status, body], [200, 'ok'])
  t.is(model.requests.at(-1)?.method, 'PROPFIND')
  t.is(model.requests.at(-1)?.body.length, 40_000)
  t.true((await connections()) <= 1)
})

test('a client that leaves ends its own request and no other', async t => {
  const held: ServerResponse[] = []
  const { port, settled, page } = await chain(t, (asked, response) => {
    if (asked.url === '/held') held.push(response)
    else response.end('ok')
  })
  await settled()
  const leaving = request({ host: '127.0.0.1', port, path: '/held' })
  leaving.on('error', () => undefined)
  leaving.end()
  const staying = ask(port, { path: '/held' })
  await until(() => held.length === 2, 'both at the model')
  leaving.destroy()
  await until(
    async () => /^outrigger_requests_in_flight\{[^}]*\} 1$/m.test(await page()),
    'one is left',
  )
  for (const response of held) response.end('kept')
  t.is((await staying).body, 'kept')
})

test('a sidecar that is gone and comes again: what was under way is lost, what comes is served', async t => {
  const dying = await fakeSidecar(t, 8)
  const controller = await fakeController(t, [entry([dying])])
  const port = await portOf(await startTestEdge(t, controller.url))
  await until(async () => (await some(port), dying.streams > 0), 'a lane')
  dying.answer = () => undefined
  const lost = Promise.all(Array.from({ length: 4 }, () => ask(port)))
  await until(() => dying.inFlight === 4, 'all are there')
  await dying.kill()
  const next = await fakeSidecar(t, 8)
  controller.set(entry([next]))
  t.true((await lost).every(({ status }) => status === 502))
  t.is((await ask(port)).status, 200)
  await until(async () => (await some(port), next.streams > 0), 'its lane')
})

test('a body that goes for long has a connection of its own', async t => {
  const { port, settled, connections } = await chain(t)
  await settled()
  const before = await connections()
  t.is((await ask(port, { body: Buffer.alloc(100_000, 'x') })).status, 200)
  t.is(await connections(), before + 1)
})

test('one request after the other needs no lane', async t => {
  const one = await fakeSidecar(t, 8)
  const controller = await fakeController(t, [entry([one])])
  const port = await portOf(await startTestEdge(t, controller.url))
  for (let i = 0; i < 5; i++) await ask(port)
  t.deepEqual([one.connections, one.streams], [1, 0])
})

test('an edge goes on without a lane where the sidecar, or a mesh before it, allows none', async t => {
  const one = await fakeSidecar(t, 8)
  one.lanes = false
  one.answer = (_request, response) => response.setHeader('x-outrigger-lane', '1').end('ok')
  const controller = await fakeController(t, [entry([one])])
  const port = await portOf(await startTestEdge(t, controller.url))
  const all = await Promise.all(Array.from({ length: 40 }, () => ask(port)))
  t.true(all.every(({ status }) => status === 200))
  t.is(one.streams, 0)
})

test('a lane is for edges: who shows no pass, or a forged one, is told 403', async t => {
  const { started } = await chain(t)
  const far = signing.pass({ edge: 'edge-1', endpoint: 'another/one', until: LATE })
  const forged = Buffer.from(JSON.stringify(far)).toString('base64url')
  for (const pass of [{}, { 'x-outrigger-pass': 'forged' }, { 'x-outrigger-pass': forged }]) {
    const headers = { connection: 'upgrade', upgrade: 'outrigger-lane', ...pass }
    t.is((await askSidecar(started.traffic, '/', { headers })).status, 403)
  }
})
