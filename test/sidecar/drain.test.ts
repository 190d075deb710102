import { once } from 'node:events'
import { Agent, createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { WebSocket, WebSocketServer } from 'ws'
import { ask, ENDPOINT, listen, samplesUntil, sidecar, signing } from './support.ts'

const quick = {
  OUTRIGGER_DRAIN_MIN: '300',
  OUTRIGGER_DRAIN_QUIET: '100',
  OUTRIGGER_DRAIN_MAX: '5000',
}
const headers = { 'x-outrigger-drain': 'secret' }

interface Answer {
  status: number
  how: string
  waitedMs: number
  left: number
}

/** As the kubelet asks: a GET with the header, whose answer it waits for. */
async function hook(admin: string, kind: 'app' | 'pod', method = 'GET'): Promise<Answer> {
  const { status, body } = await ask(admin, `/v1/drain/${kind}`, { method, headers })
  return { status, ...(JSON.parse(body) as Omit<Answer, 'status'>) }
}

async function answers(admin: string, status: number): Promise<void> {
  while ((await ask(admin, '/readyz')).status !== status) continue
}

/** A model whose answers to /slow come when they are let go. */
async function slowModel(t: ExecutionContext) {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const { address } = await listen(t, (request, response) => {
    if (request.url === '/slow') void held.then(() => response.end('done'))
    else response.end('ok')
  })
  return { address, release }
}

test('a pod that is deleted: it serves on and takes connections until nothing is left', async t => {
  const { address, release } = await slowModel(t)
  const { traffic, admin } = await sidecar(t, address, quick)
  await answers(admin, 200)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const slow = ask(traffic, '/slow', { agent })
  t.is((await ask(traffic, '/', { agent })).headers.connection, 'keep-alive')
  let answered = 0
  const hooks = [hook(admin, 'app'), hook(admin, 'pod', 'POST')].map(one =>
    one.finally(() => answered++),
  )
  await answers(admin, 503)
  t.deepEqual(JSON.parse((await ask(admin, '/readyz')).body), { ready: false, why: 'draining' })
  const started = performance.now()
  while (performance.now() - started < 600) {
    const got = await ask(traffic, '/', { agent })
    t.is(got.status, 200)
    t.is(got.headers.connection, 'close')
  }
  t.is(answered, 0, 'past the minimum, with one in flight')
  release()
  const got = await slow
  t.is(got.body, 'done')
  t.is(got.headers.connection, 'close', 'begun before the drain, ended in it')
  for (const { status, how, waitedMs, left } of await Promise.all(hooks)) {
    t.is(status, 200)
    t.is(how, 'drained')
    t.is(left, 0)
    t.true(waitedMs >= 600 && waitedMs < 5000, String(waitedMs))
  }
  t.is((await ask(traffic)).status, 200, 'and after')
  const samples = await samplesUntil(admin, all => all.some(({ draining }) => draining === true))
  t.true(samples.every(({ rejected }) => rejected.draining === 0))
  await answers(admin, 503)
})

test('only who knows the secret drains', async t => {
  const { address } = await slowModel(t)
  const { admin } = await sidecar(t, address, quick)
  await answers(admin, 200)
  for (const kind of ['app', 'pod']) {
    for (const sent of [{}, { 'x-outrigger-drain': 'secreT' }]) {
      t.is((await ask(admin, `/v1/drain/${kind}`, { headers: sent })).status, 403)
    }
  }
  t.is((await ask(admin, '/readyz')).status, 200)
  const without = await sidecar(t, address, { OUTRIGGER_DRAIN_SECRET: '' })
  t.is((await ask(without.admin, '/v1/drain/pod', { headers })).status, 403)
})

test('a quiet pod goes after the minimum; one that stays busy at the maximum', async t => {
  const { address, release } = await slowModel(t)
  const quiet = await sidecar(t, address, quick)
  const { how, waitedMs } = await hook(quiet.admin, 'pod')
  t.is(how, 'drained')
  t.true(waitedMs >= 300 && waitedMs < 1500, String(waitedMs))
  const busy = await sidecar(t, address, { ...quick, OUTRIGGER_DRAIN_MAX: '600' })
  const slow = ask(busy.traffic, '/slow')
  t.like(await hook(busy.admin, 'pod'), { status: 200, how: 'late', left: 1 })
  release()
  t.is((await slow).body, 'done', 'not cut off by us')
})

/** A model that can be stopped and started again on its port. */
async function restartable(t: ExecutionContext, handler: RequestListener) {
  let server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  t.teardown(() => (server.listening ? stop() : undefined))
  return {
    address: `127.0.0.1:${port}`,
    stop,
    async start() {
      server = createServer(handler).listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}

test('a container that is started again: the drain ends when the model is back', async t => {
  const model = await restartable(t, (_request, response) => void response.end('ok'))
  const { traffic, admin } = await sidecar(t, model.address, {
    ...quick,
    OUTRIGGER_DRAIN_MIN: '1200',
    OUTRIGGER_READY_PATH: '/ready',
  })
  await answers(admin, 200)
  const started = performance.now()
  t.is((await hook(admin, 'app')).how, 'drained')
  t.deepEqual(JSON.parse((await ask(admin, '/readyz')).body), { ready: false, why: 'draining' })
  await model.stop()
  t.is((await ask(traffic, '/healthz')).status, 502, 'a liveness probe through us fails')
  // No container is back sooner.
  await new Promise(resolve => setTimeout(resolve, 400))
  await model.start()
  await answers(admin, 200)
  t.true(performance.now() - started < 5000, 'seen, not waited for')
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  t.is((await ask(traffic, '/', { agent })).headers.connection, 'keep-alive')
})

test('probes of the model pass when every slot is taken, and in a drain', async t => {
  const { address, release } = await slowModel(t)
  const { traffic, admin } = await sidecar(t, address, { ...quick, OUTRIGGER_FIRST_LIMIT: '1' })
  const waiting = Array.from({ length: 6 }, () => ask(traffic, '/slow'))
  t.is((await ask(traffic, '/slow')).status, 429)
  t.is((await ask(traffic, '/healthz')).status, 200)
  const going = hook(admin, 'pod')
  await answers(admin, 503)
  t.is((await ask(traffic, '/livez')).status, 200)
  release()
  t.true((await Promise.all(waiting)).every(({ status }) => status === 200))
  t.is((await going).how, 'drained')
})

test('an attempt of an edge is served in a drain', async t => {
  const { address } = await slowModel(t)
  const { traffic, admin } = await sidecar(t, address, quick)
  const going = hook(admin, 'pod')
  await answers(admin, 503)
  const pass = signing.pass({ edge: 'edge-1', endpoint: ENDPOINT, until: Date.now() + 60_000 })
  const sent = Buffer.from(JSON.stringify(pass)).toString('base64url')
  const got = await ask(traffic, '/', { headers: { 'x-outrigger-pass': sent } })
  t.is(got.status, 200)
  t.is(got.headers['x-outrigger-slots'], '2;1')
  t.is(got.headers.connection, 'close')
  await going
})

test('an open WebSocket keeps the pod up to the maximum, and may stay longer', async t => {
  const { server, address } = await listen(t, (_request, response) => void response.end())
  const echo = new WebSocketServer({ server })
  echo.on('connection', socket => socket.on('message', data => socket.send(data)))
  const { traffic, admin } = await sidecar(t, address, { ...quick, OUTRIGGER_DRAIN_MAX: '700' })
  const socket = new WebSocket(`ws://${traffic}/`)
  await once(socket, 'open')
  t.like(await hook(admin, 'pod'), { how: 'late', left: 1 })
  socket.send('still')
  const [data] = (await once(socket, 'message')) as [Buffer]
  t.is(data.toString(), 'still')
  socket.terminate()
})

test('the end of the process answers the hooks that wait, and takes no time when nothing is left', async t => {
  const { address } = await slowModel(t)
  const started = await sidecar(t, address, { ...quick, OUTRIGGER_DRAIN_MIN: '4000' })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const going = hook(started.admin, 'app')
  await answers(started.admin, 503)
  const before = performance.now()
  await started.stop()
  t.true(performance.now() - before < 1000)
  t.is((await going).how, 'ended')
})
