import { Agent, request, type ClientRequest } from 'node:http'
import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { HEADERS } from '../../core/model/tables.ts'
import { ask, entry, fakeController, portOf, samplesOf, startTestEdge, until } from './bench.ts'
import { fakeSidecar } from './fake-sidecar.ts'

async function edgeBefore(t: ExecutionContext, limit = 4, delayMs = 1) {
  const sidecar = await fakeSidecar(t, limit, delayMs)
  const controller = await fakeController(t, [entry([sidecar])])
  const edge = await startTestEdge(t, controller.url)
  return { sidecar, controller, edge, port: await portOf(edge) }
}

/** Sends text as it is and gives all that comes back until the connection ends. */
function raw(port: number, text: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let got = ''
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
    socket.on('error', () => resolve(got))
    socket.on('close', () => resolve(got))
  })
}

test('events come one by one, as they are sent', async t => {
  const { sidecar, port } = await edgeBefore(t)
  const next = Promise.withResolvers<void>()
  sidecar.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
    void next.promise.then(() => response.end('data: 2\n\n'))
  }
  const got: string[] = []
  await new Promise<void>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/' }, response => {
      response.on('data', (chunk: Buffer) => {
        got.push(chunk.toString())
        next.resolve()
      })
      response.once('end', resolve)
    })
      .once('error', reject)
      .end()
  })
  t.deepEqual(got, ['data: 1\n\n', 'data: 2\n\n'])
})

test('a large upload goes through whole, also when the first tries are refused', async t => {
  const { sidecar, port } = await edgeBefore(t)
  sidecar.others = 4
  const body = Buffer.alloc(5_000_000, 'a')
  const fixed = ask(port, { body })
  const chunked = ask(port, { body, headers: { 'transfer-encoding': 'chunked' } }).catch(() => null)
  await until(() => sidecar.refusals >= 2, 'refusals')
  sidecar.others = 0
  t.is((await fixed).body, 'served 5000000')
  await chunked
})

test('a chunked DELETE reaches the replica as one request', async t => {
  const { sidecar, port } = await edgeBefore(t)
  const inner = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
  const chunk = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`
  const answer = await raw(
    port,
    `DELETE /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  )
  t.regex(answer, /^HTTP\/1\.1 200/)
  t.deepEqual(
    sidecar.seen.map(one => `${one.method} ${one.url} ${one.body.length}`),
    [`DELETE /x ${inner.length}`],
  )
})

test('heads that the grammar does not describe are refused, and the edge lives on', async t => {
  const { sidecar, port } = await edgeBefore(t)
  const bad = [
    'GET / HTTP/1.1\r\nHost: x\r\nContent_Length: 5\r\n\r\nhello',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
    'GET http://other/ HTTP/1.1\r\nHost: x\r\n\r\n',
  ]
  for (const text of bad) t.regex(await raw(port, text), /^HTTP\/1\.1 400/, text)
  const trailer = 'GET /t HTTP/1.1\r\nHost: x\r\nTrailer: foo\r\nConnection: close\r\n\r\n'
  t.regex(await raw(port, trailer), /^HTTP\/1\.1 200/)
  t.is(sidecar.seen.length, 1)
})

test('a client keeps its connection, and the edge keeps its to the replica', async t => {
  const { sidecar, port } = await edgeBefore(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ports = new Set<number | undefined>()
  sidecar.lanes = false
  sidecar.answer = (incoming, response) => {
    ports.add(incoming.socket.remotePort)
    response.end('ok')
  }
  for (let i = 0; i < 10; i++) t.is((await ask(port, { agent, body: 'x' })).status, 200)
  t.is(ports.size, 1)
  agent.destroy()
})

function hang(port: number): ClientRequest {
  const asked = request({ port, host: '127.0.0.1', method: 'POST', path: '/', agent: false })
  asked.on('error', () => undefined)
  asked.end('x')
  return asked
}

test('a client that leaves frees its slot or its place, and the replica hears of it', async t => {
  const { sidecar, port, edge } = await edgeBefore(t, 1, 60_000)
  const first = hang(port)
  await until(() => sidecar.inFlight === 1, 'given')
  const second = hang(port)
  const third = ask(port, { number: 'third' })
  await until(() => sidecar.refusals > 0, 'held')
  second.destroy()
  sidecar.delayMs = 1
  first.destroy()
  t.is((await third).status, 200)
  await until(() => sidecar.inFlight === 0, 'the first is over at the replica')
  await until(async () => (await samplesOf(edge)).some(one => one.admitted > 0), 'a sample')
  const lines = await samplesOf(edge)
  const sum = (of: (line: (typeof lines)[number]) => number): number =>
    lines.reduce((total, line) => total + of(line), 0)
  t.is(
    sum(line => line.offered),
    3,
  )
  t.is(
    sum(line => line.abandoned),
    2,
  )
  t.is(
    sum(line => line.completed.ok),
    1,
  )
})

test('a slow reader holds the replica back, and its time is not service time', async t => {
  const { sidecar, port, edge } = await edgeBefore(t)
  const total = 20_000_000
  let written = 0
  sidecar.answer = (_, response) => {
    const more = (): void => {
      while (written < total) {
        written += 100_000
        if (!response.write(Buffer.alloc(100_000))) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  }
  let read = 0
  const start = performance.now()
  await new Promise<void>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/' }, response => {
      response.once('error', reject)
      setTimeout(() => {
        t.true(written < total, `${written} bytes were written to a client that reads nothing`)
        response.on('data', (chunk: Buffer) => (read += chunk.length))
        response.once('end', resolve)
      }, 1500)
    })
      .once('error', reject)
      .end()
  })
  const tookUs = (performance.now() - start) * 1000
  t.is(read, total)
  await until(async () => (await samplesOf(edge)).some(one => one.service.count > 0), 'a sample')
  const service = (await samplesOf(edge)).find(one => one.service.count > 0)?.service.sum ?? 0
  t.true(service + 200_000 < tookUs, `${service} us of ${tookUs}`)
})

test('a WebSocket goes through both ways, without a slot', async t => {
  const { sidecar, port } = await edgeBefore(t, 1)
  sidecar.others = 1
  const socket = connect(port, '127.0.0.1')
  let got = ''
  socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
  socket.write(
    'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n',
  )
  await until(() => got.includes('\r\n\r\n'), 'the upgrade')
  t.regex(got, /^HTTP\/1\.1 101/)
  socket.write('hello')
  await until(() => got.endsWith('hello'), 'the echo')
  t.is(sidecar.seen[0]?.url, '/chat')
  socket.destroy()
})

test('a replica that dies in the middle of an answer: the client sees that it is not whole', async t => {
  const { sidecar, port } = await edgeBefore(t)
  sidecar.answer = (_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
    setTimeout(() => response.destroy(), 20)
  }
  await t.throwsAsync(ask(port), { message: /aborted|hang up|ECONNRESET/ })
  sidecar.answer = (_, response) => response.destroy()
  const got = await ask(port)
  t.is(got.status, 502)
  t.is(got.headers[HEADERS.reason], 'replica')
})
