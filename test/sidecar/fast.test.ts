import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { ask, listen, raw, recorder, samplesUntil, sidecar } from './support.ts'

/** What the fast carrier does that node:http did otherwise, or not at all. Raw bytes on both sides. */
const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** A model on bare sockets: what it says to each head, by path. */
async function bare(t: ExecutionContext, answers: Record<string, string>) {
  const heads: string[] = []
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end)
        text = text.slice(end + 4)
        const path = /^\S+ (\S+)/.exec(head)?.[1] ?? ''
        if (path.endsWith('metrics')) return void socket.end('HTTP/1.1 404 No\r\n\r\n')
        heads.push(head)
        const said = answers[path] ?? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
        if (said.endsWith('!')) socket.end(said.slice(0, -1), 'latin1')
        else socket.write(said, 'latin1')
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    sockets.forEach(socket => socket.destroy())
  })
  const { traffic, admin } = await sidecar(t, `127.0.0.1:${(server.address() as AddressInfo).port}`)
  /** Connections of the model that carried a request. */
  return { traffic, admin, heads }
}

test('pipelined requests are answered in their order, the quick ones too', async t => {
  const origin = await recorder(t, (request, response) => {
    setTimeout(() => response.end(request.url), request.url === '/1' ? 150 : 0)
  })
  const { traffic } = await sidecar(t, origin.address)
  const text = await raw(traffic, GET('/1') + GET('/2') + GET('/3') + LAST)
  t.deepEqual(text.match(/\/(\d|last)$|\/\d(?=HTTP)/gm), ['/1', '/2', '/3', '/last'])
  t.deepEqual(
    origin.requests.map(({ url }) => url),
    ['/1', '/2', '/3', '/last'],
  )
})

test('a rare request among others: each is answered in its place, by whoever carries it', async t => {
  const origin = await recorder(t, (request, response) => void response.end(request.url))
  const { traffic } = await sidecar(t, origin.address)
  const rare = 'PROPFIND /rare?|= HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'
  const text = await raw(traffic, GET('/1') + rare + GET('/3') + LAST)
  t.deepEqual(text.match(/(?<=\n)\/[^\r\nH]+/g), ['/1', '/rare?|=', '/3', '/last'])
  t.is(origin.requests[1]?.body, 'hi')
})

test('an answer that ends with its connection reaches the client whole, in chunks', async t => {
  const { traffic } = await bare(t, { '/': 'HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nuntil the end!' })
  const text = await raw(traffic, GET('/') + LAST)
  t.regex(text, /^HTTP\/1\.1 200 OK\r\nX-A: 1\r\n/)
  t.regex(
    text,
    /transfer-encoding: chunked\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\nHTTP\/1\.1 200 OK/,
  )
})

test('1xx is passed on, 100 is not, and a flood of them is refused', async t => {
  const early = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
  const { traffic } = await bare(t, {
    '/': `${early}HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n`,
    '/flood': 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100),
  })
  const text = await raw(traffic, GET('/') + LAST)
  t.regex(text, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 204 No Content\r\n/)
  t.notRegex(text.slice(0, text.lastIndexOf('HTTP/1.1')), /content-length/i)
  t.regex(await raw(traffic, GET('/flood') + LAST), /HTTP\/1\.1 502 /)
})

test('bytes behind an answer end the connection to the model, and belong to no other answer', async t => {
  const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'
  const { traffic, heads } = await bare(t, {
    '/': `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${forged}`,
    '/204': `HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nforged`,
  })
  const text = await raw(traffic, GET('/') + GET('/204') + GET('/') + LAST)
  t.is(text.match(/HTTP\/1\.1 20[04] /g)?.length, 4)
  t.notRegex(text, /forged/)
  t.is(heads.length, 4)
})

test('a slow head, a connection that rests, and one that owes a body: each in its time', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { traffic, admin } = await sidecar(t, address, {
    OUTRIGGER_HEAD_TIMEOUT: '150',
    OUTRIGGER_IDLE_TIMEOUT: '300',
    OUTRIGGER_BODY_TIMEOUT: '200',
  })
  const slow = raw(traffic, 'GET / HTTP/1.1\r\nHost: a\r\n')
  const rests = raw(traffic, GET('/'))
  const silent = raw(traffic, '')
  const owes = raw(traffic, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab')
  t.regex(await slow, /^HTTP\/1\.1 408 [^]*slow-head/)
  t.regex(await rests, /^HTTP\/1\.1 200 OK[^]*ok$/)
  t.is(await silent, '')
  // It is answered before it is whole: the rest that never comes ends the connection.
  t.regex(await owes, /^HTTP\/1\.1 (200|408) /)
  const samples = await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 0)
  t.is(samples.at(-1)?.queued.end, 0)
})

test('a head that trickles is cut off, however it trickles', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { traffic } = await sidecar(t, address, { OUTRIGGER_HEAD_TIMEOUT: '200' })
  const [, host, port] = /^(.*):(\d+)$/.exec(traffic) ?? []
  const socket = connect(Number(port), host)
  socket.on('error', () => undefined)
  const timer = setInterval(() => socket.write('a'), 20)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  clearInterval(timer)
  t.regex(answer.toString(), /^HTTP\/1\.1 408 /)
  socket.destroy()
})

test('on the compat carrier a slow head has no more time', async t => {
  t.timeout(10_000)
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { traffic } = await sidecar(t, address, {
    OUTRIGGER_CARRIER: 'compat',
    OUTRIGGER_HEAD_TIMEOUT: '150',
  })
  for (const which of ['the first', 'one after all others are gone']) {
    t.regex(await raw(traffic, 'GET / HTTP/1.1\r\nHost: a\r\n'), /^HTTP\/1\.1 408 /, which)
    t.regex(await raw(traffic, LAST), /^HTTP\/1\.1 200 /)
  }
})

test('connections beyond the bound are told, and the others are served', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { traffic } = await sidecar(t, address, { OUTRIGGER_MAX_CONNECTIONS: '2' })
  const [, host, port] = /^(.*):(\d+)$/.exec(traffic) ?? []
  const held = [connect(Number(port), host), connect(Number(port), host)]
  await Promise.all(held.map(socket => once(socket, 'connect')))
  for (const socket of held) {
    socket.write(GET('/'))
    await once(socket, 'data')
  }
  t.regex(await raw(traffic, ''), /^HTTP\/1\.1 503 /)
  const gone = once(held[0] as Socket, 'close')
  held[0]?.destroy()
  await gone
  while ((await raw(traffic, LAST)).startsWith('HTTP/1.1 503')) continue
  held[1]?.destroy()
  t.pass()
})

test("who is refused and does not go is cut off, and takes nobody else's place", async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { traffic } = await sidecar(t, address, { OUTRIGGER_MAX_CONNECTIONS: '1' })
  const [, host, port] = /^(.*):(\d+)$/.exec(traffic) ?? []
  const held = connect({ port: Number(port), host })
  held.write(GET('/'))
  await once(held, 'data')
  // They never end their half.
  const stubborn = Array.from({ length: 20 }, () => {
    const socket = connect({ port: Number(port), host, allowHalfOpen: true })
    socket.on('error', () => undefined)
    socket.write(GET('/'))
    return socket
  })
  const said = stubborn.map(async socket => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    // Whoever still listens takes what is written; then nobody does.
    const timer = setInterval(() => socket.write('x'), 50)
    await new Promise(resolve => socket.once('close', resolve))
    clearInterval(timer)
    return text.slice(0, 12)
  })
  // 8 are told, the others only closed.
  const words = await Promise.all(said)
  t.is(words.filter(word => word === 'HTTP/1.1 503').length, 8)
  held.destroy()
})

test('what comes before its turn is kept up to the bound; the rest stays with the client', async t => {
  const { promise: hold, resolve: release } = Promise.withResolvers<void>()
  const seen: string[] = []
  const { address } = await listen(t, (request, response) => {
    seen.push(request.url ?? '')
    if (request.url === '/first') void hold.then(() => response.end('done'))
    else response.end('ok')
  })
  const { traffic } = await sidecar(t, address, { OUTRIGGER_PIPELINE_BYTES: '1000' })
  const [, host, port] = /^(.*):(\d+)$/.exec(traffic) ?? []
  const socket = connect(Number(port), host)
  let got = ''
  socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')))
  socket.write(GET('/first'))
  while (!seen.includes('/first')) await new Promise(resolve => setTimeout(resolve, 10))
  const pad = 'X: '.padEnd(10_000, 'x')
  const many = `GET / HTTP/1.1\r\nHost: a\r\n${pad}\r\n\r\n`.repeat(3000)
  // 30 MB: more than the buffers of the kernel hold.
  let flushed = false
  socket.write(many, () => (flushed = true))
  for (let i = 0; i < 20 && !flushed; i++) await new Promise(resolve => setTimeout(resolve, 20))
  t.false(flushed)
  release()
  while (got.split('HTTP/1.1 200').length < 3002) {
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  t.is(seen.filter(url => url === '/').length, 3000)
  socket.destroy()
})

test('an upload in odd chunks is framed anew', async t => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const server = createServer(socket => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!text.endsWith('0\r\n\r\n')) return
      if (text.startsWith('POST')) resolve(text)
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { traffic } = await sidecar(t, `127.0.0.1:${(server.address() as AddressInfo).port}`)
  await raw(
    traffic,
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0002;x=y\r\nab\r\n1\r\nc\r\n0;z\r\nX-T: 1\r\n\r\n',
  )
  const [head = '', body] = (await promise).split('\r\n\r\n3')
  t.is(body, '\r\nabc\r\n0\r\n\r\n')
  const lines = head.split('\r\n').filter(line => !line.startsWith('endpoint-load-metrics'))
  t.deepEqual(lines, ['POST / HTTP/1.1', 'Host: a', 'transfer-encoding: chunked'])
})

test('20 MB come down in small pieces, byte for byte, to a client that is behind', async t => {
  const hash = createHash('sha256')
  const { address } = await listen(t, (asked, response) => {
    if (asked.url !== '/') return void response.writeHead(404).end()
    let n = 0
    const fill = (): void => {
      if (n === 2000) return void response.end()
      const piece = Buffer.alloc(10_000, `${n++}.`)
      hash.update(piece)
      if (response.write(piece)) setImmediate(fill)
      else response.once('drain', fill)
    }
    fill()
  })
  const { traffic } = await sidecar(t, address)
  const got = createHash('sha256')
  const asked = request(`http://${traffic}/`, { agent: false })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  // All buffers on the way are full by then, and some pieces wait in ours.
  await new Promise(resolve => setTimeout(resolve, 700))
  response.on('data', (chunk: Buffer) => got.update(chunk))
  await once(response, 'end')
  t.is(got.digest('hex'), hash.digest('hex'))
})

test('the compat carrier can carry everything by itself', async t => {
  const origin = await recorder(t)
  const { traffic } = await sidecar(t, origin.address, { OUTRIGGER_CARRIER: 'compat' })
  t.is((await ask(traffic, '/x')).body, 'ok')
  t.is(origin.requests[0]?.url, '/x')
})
