import { once } from 'node:events'
import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { entry, ask, fakeController, portOf, startTestEdge, until } from './bench.ts'
import { fakeSidecar } from './fake-sidecar.ts'

/** What comes back until the connection ends. */
function said(port: number, text: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let got = ''
    socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(got))
  })
}

async function edgeWith(t: ExecutionContext, environment: Record<string, string>) {
  const sidecar = await fakeSidecar(t, 4)
  const controller = await fakeController(t, [entry([sidecar])])
  const edge = await startTestEdge(t, controller.url, { environment })
  return { sidecar, port: await portOf(edge) }
}

test('bytes and headers of a head are bounded as set', async t => {
  const { sidecar, port } = await edgeWith(t, {
    OUTRIGGER_HEAD_BYTES: '1024',
    OUTRIGGER_MAX_HEADERS: '10',
  })
  const start = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
  t.regex(await said(port, `${start}A: ${'b'.repeat(1100)}\r\n\r\n`), /^HTTP\/1\.1 431/)
  t.regex(await said(port, `${start}${'A: b\r\n'.repeat(9)}\r\n`), /^HTTP\/1\.1 431/)
  t.regex(await said(port, `${start}${'A: b\r\n'.repeat(8)}\r\n`), /^HTTP\/1\.1 200/)
  t.is(sidecar.seen.length, 1)
})

test('who keeps an edge waiting for a head or a body is told 408; who rests is closed', async t => {
  const { sidecar, port } = await edgeWith(t, {
    OUTRIGGER_HEAD_TIMEOUT: '200',
    OUTRIGGER_BODY_TIMEOUT: '200',
    OUTRIGGER_IDLE_TIMEOUT: '300',
  })
  t.regex(await said(port, 'GET / HT'), /^HTTP\/1\.1 408 [^]*slow-head/)
  const half = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf'
  t.regex(await said(port, half), /^HTTP\/1\.1 408 [^]*slow-body/)
  t.is(await said(port, ''), '')
  t.regex(await said(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1\.1 200/)
  await until(() => sidecar.inFlight === 0, 'nothing is left at the replica')
})

test('a rare request that owes a body is told 408, too, and not while it is held', async t => {
  const { sidecar, port } = await edgeWith(t, {
    OUTRIGGER_BODY_TIMEOUT: '200',
    OUTRIGGER_IDLE_TIMEOUT: '600',
  })
  const half = 'PROPFIND / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf'
  t.regex(await said(port, half), /^HTTP\/1\.1 408 [^]*slow-body/)
  await until(() => sidecar.inFlight === 0, 'nothing is left at the replica')
  sidecar.others = 4
  const held = said(port, half)
  await until(() => sidecar.refusals > 0, 'a refusal')
  t.is(await said(port, ''), '', 'three times as long')
  t.is(sidecar.seen.length, 0)
  sidecar.others = 0
  t.regex(await held, /^HTTP\/1\.1 408 [^]*slow-body/)
})

test('connections beyond the bound are told 503, those of rare requests and of WebSockets count, too', async t => {
  const { port } = await edgeWith(t, { OUTRIGGER_MAX_CONNECTIONS: '3' })
  const held = await Promise.all(
    ['GET /', 'SEARCH /', 'GET /'].map(async (line, i) => {
      const socket = connect(port, '127.0.0.1')
      const upgrade = i === 2 ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : ''
      socket.write(`${line} HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      t.regex(answer.toString(), i === 2 ? /^HTTP\/1\.1 101 / : /^HTTP\/1\.1 200 /)
      return socket
    }),
  )
  t.regex(await said(port, ''), /^HTTP\/1\.1 503 [^]*"reason":"connections"/)
  const last = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  for (const socket of held) {
    socket.destroy()
    await until(async () => (await said(port, last)).startsWith('HTTP/1.1 200 '), 'a place is free')
  }
})

test('WebSockets beyond the bound are told 503, all else is served', async t => {
  const { sidecar, port } = await edgeWith(t, { OUTRIGGER_MAX_UPGRADES: '1' })
  const lines = 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  const upgrade = `GET / HTTP/1.1\r\n${lines}\r\n`
  const first = connect(port, '127.0.0.1', () => first.write(upgrade))
  t.regex(String(((await once(first, 'data')) as [Buffer])[0]), /^HTTP\/1\.1 101 /)
  t.regex(await said(port, upgrade), /^HTTP\/1\.1 503 [^]*x-outrigger-reason: upgrades/)
  t.is((await ask(port)).status, 200)
  first.destroy()
  const again = async (): Promise<boolean> =>
    new Promise(resolve => {
      const next = connect(port, '127.0.0.1', () => next.write(upgrade))
      next.once('data', (answer: Buffer) => {
        next.destroy()
        resolve(answer.toString().startsWith('HTTP/1.1 101 '))
      })
    })
  await until(again, 'its place is free')
  t.true(sidecar.seen.length > 2)
})

test('a body that is held stays with the client beyond the bound, and goes whole', async t => {
  const { sidecar, port } = await edgeWith(t, { OUTRIGGER_PIPELINE_BYTES: '1000' })
  sidecar.others = 4
  const all = Promise.all([
    ask(port, { method: 'PUT', body: 'a'.repeat(60_000), number: 'kept' }),
    ask(port, { method: 'PUT', body: 'b'.repeat(3_000_000), number: 'asked' }),
  ])
  await until(() => sidecar.refusals >= 4, 'refusals')
  sidecar.others = 0
  t.deepEqual(
    (await all).map(({ body }) => body),
    ['served 60000', 'served 3000000'],
  )
  t.deepEqual(sidecar.seen.map(({ body }) => [body[0], body.length]).toSorted(), [
    ['a', 60_000],
    ['b', 3_000_000],
  ])
})

test('an idempotent request with a body whose replica died is sent again whole, chunks and all', async t => {
  const sidecars = [await fakeSidecar(t, 4), await fakeSidecar(t, 4)]
  const [dying, alive] = sidecars
  if (dying === undefined || alive === undefined) return t.fail()
  dying.answer = request => request.socket.destroy()
  const controller = await fakeController(t, [entry([dying])])
  const port = await portOf(await startTestEdge(t, controller.url))
  alive.answer = (_request, response, body) =>
    response.setHeader('content-length', body.length).end(body)
  controller.set(entry(sidecars))
  const got = await Promise.all(
    Array.from({ length: 8 }, (_, i) => said(port, put(String(i).repeat(5000), i % 2 === 0))),
  )
  for (const [i, text] of got.entries()) {
    t.true(text.startsWith('HTTP/1.1 200 OK'), text.slice(0, 200))
    t.true(text.endsWith(`\r\n\r\n${String(i).repeat(5000)}`), String(i))
  }
  t.true(dying.seen.length > 0)
})

function put(body: string, chunked: boolean): string {
  const head = 'PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
  if (!chunked) return `${head}Content-Length: ${body.length}\r\n\r\n${body}`
  const chunks = `7d0\r\n${body.slice(0, 2000)}\r\nbb8\r\n${body.slice(2000)}\r\n0\r\n\r\n`
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`
}
