import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:net'
import test from 'ava'
import { ask, sidecar } from '../support.ts'
import { h2Ask, h2Client, h2Model, until } from './support.ts'

/** HTTP/2 that is no gRPC. */
test('requests and answers go through as they are; what is ours and what is of a hop goes no further', async t => {
  const model = await h2Model(t, stream => {
    stream.respond(
      { ':status': 201, 'x-a': 'b', 'x-outrigger-slots': '9;9', 'set-cookie': ['a=1', 'b=2'] },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'x-t': '1', 'x-outrigger-waited-us': '7' }),
    )
    stream.pipe(stream)
  })
  const { traffic } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
  const said = await h2Ask(
    session,
    {
      ':method': 'PUT',
      ':path': '/a//b?c=%20',
      ':authority': 'model.example:80',
      ':scheme': 'https',
      cookie: ['a=1', 'b=2'],
      traceparent,
      'x-outrigger-pass': 'forged',
      x_outrigger_slots: '1;1',
      'proxy-authorization': 'secret',
      'x-b': 'c',
    },
    'body',
  )
  const headers: IncomingHttpHeaders = model.streams[0]?.headers ?? {}
  t.like(headers, {
    ':method': 'PUT',
    ':path': '/a//b?c=%20',
    ':authority': 'model.example:80',
    ':scheme': 'http',
    cookie: 'a=1; b=2',
    traceparent,
    'x-b': 'c',
  })
  const dropped = ['x-outrigger-pass', 'x_outrigger_slots', 'proxy-authorization']
  t.deepEqual(
    dropped.filter(name => name in headers),
    [],
  )
  t.like(said, { status: 201, body: 'body', code: 0 })
  t.like(said.headers, { 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'], 'x-outrigger-waited-us': '0' })
  t.false('x-outrigger-slots' in said.headers)
  t.deepEqual(Object.entries(said.trailers), [['x-t', '1']])
})

const refused: [string, Record<string, string>, number][] = [
  ['a Host that names another authority', { host: 'other', ':authority': 'a' }, 400],
  ['an authority that is none', { ':authority': 'a]b' }, 400],
  ['a fragment', { ':path': '/a#b' }, 400],
  ['what looks like framing', { content_length: '5' }, 400],
  ['an expectation', { ':method': 'POST', expect: 'x' }, 417],
]

test('what the grammar does not describe is refused, and the connection goes on', async t => {
  const model = await h2Model(t, stream => stream.respond({ ':status': 204 }, { endStream: true }))
  const { traffic } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  for (const [what, headers, status] of refused)
    t.is((await h2Ask(session, headers)).status, status, what)
  t.is(
    (await h2Ask(session, { ':method': 'CONNECT', ':path': undefined, ':authority': 'a:1' }))
      .status,
    501,
  )
  t.is(model.streams.length, 0)
  t.is((await h2Ask(session, {})).status, 204)
})

test('HEAD, 204, 103 and 100: no body where there is none, what comes before it all the same', async t => {
  const model = await h2Model(t, (stream, headers) => {
    if (headers[':method'] === 'HEAD')
      return stream.respond({ ':status': 200, 'content-length': '5' })
    stream.additionalHeaders({ ':status': 103, link: '</a>' })
    stream.on('data', () => undefined)
    stream.on('end', () => stream.respond({ ':status': 204 }, { endStream: true }))
  })
  const { traffic } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  const head = await h2Ask(session, { ':method': 'HEAD' })
  t.like(head, { status: 200, body: '', code: 0 })
  t.is(head.headers['content-length'], '5')
  const stream = session.request({ ':method': 'POST', ':path': '/', expect: '100-continue' })
  const early: unknown[] = []
  stream.on('headers', ({ ':status': status, link }) => early.push(status, link))
  stream.on('continue', () => stream.end('now'))
  const [{ ':status': status }] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  t.is(Number(status), 204)
  t.deepEqual(early.slice(-2), [103, '</a>'])
  t.false('expect' in (model.streams[1]?.headers ?? {}))
})

test('trailers of a request that announces them', async t => {
  const came: IncomingHttpHeaders[] = []
  const model = await h2Model(t, stream => {
    stream.on('trailers', trailers => came.push(trailers))
    stream.on('data', () => undefined)
    stream.on('end', () => stream.respond({ ':status': 204 }, { endStream: true }))
  })
  const { traffic } = await sidecar(t, model.address)
  const stream = h2Client(t, traffic).request(
    { ':method': 'POST', ':path': '/', trailer: 'x-sum' },
    { waitForTrailers: true },
  )
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1', 'x-outrigger-pass': 'x' }))
  stream.end('body')
  stream.resume()
  await once(stream, 'close')
  t.deepEqual(
    came.map(trailers => Object.entries(trailers)),
    [[['x-sum', '1']]],
  )
})

test('a model that answers early: its answer is whole, and the client stops sending', async t => {
  const model = await h2Model(t, stream => {
    stream.respond({ ':status': 413, 'content-type': 'text/plain' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-t': '1' }))
    stream.end('too large')
  })
  const { traffic } = await sidecar(t, model.address)
  const stream = h2Client(t, traffic).request({ ':method': 'POST', ':path': '/' })
  const heard = { body: '', trailers: {} as IncomingHttpHeaders }
  stream.on('data', (chunk: Buffer) => (heard.body += chunk.toString()))
  stream.on('trailers', trailers => (heard.trailers = trailers))
  stream.write(Buffer.alloc(1 << 20))
  await once(stream, 'close')
  t.is(stream.rstCode, 0)
  t.is(heard.body, 'too large')
  t.is(heard.trailers['x-t'], '1')
  await until(() => model.streams[0]?.stream.destroyed === true)
})

/** Bytes of a body of 32 MB that went before it stood still. */
async function stalled(count: () => number): Promise<number> {
  for (let last = -1; last !== count();) {
    last = count()
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  return count()
}

test('a body is not buffered: who sends waits for who reads, both ways', async t => {
  const size = 32 << 20
  let sent = 0
  const model = await h2Model(t, (stream, headers) => {
    stream.respond({ ':status': 200 })
    if (headers[':path'] === '/up') return
    const more = (): void => {
      while (sent < size) {
        sent += 65_536
        if (!stream.write(Buffer.alloc(65_536))) return void stream.once('drain', more)
      }
      stream.end()
    }
    more()
  })
  const { traffic } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  const down = session.request({ ':path': '/down' })
  await once(down, 'response')
  t.true((await stalled(() => sent)) < 2 << 20, String(sent))
  let got = 0
  down.on('data', (chunk: Buffer) => (got += chunk.length))
  await once(down, 'end')
  t.is(got, size)

  const up = session.request({ ':method': 'POST', ':path': '/up' })
  let written = 0
  const more = (): void => {
    while (written < size) {
      written += 65_536
      if (!up.write(Buffer.alloc(65_536))) return void up.once('drain', more)
    }
    up.end()
  }
  more()
  t.true((await stalled(() => written)) < 2 << 20, String(written))
  const at = model.streams.find(({ headers }) => headers[':path'] === '/up')?.stream
  let read = 0
  at?.on('data', (chunk: Buffer) => (read += chunk.length))
  at?.on('end', () => at.end())
  up.resume()
  await once(up, 'close')
  t.is(read, size)
})

for (const carrier of ['fast', 'compat']) {
  test(`the preface is known in pieces, beside HTTP/1.1 on the same port, with carrier ${carrier}`, async t => {
    const model = await h2Model(t, stream =>
      stream.respond({ ':status': 204 }, { endStream: true }),
    )
    const { traffic } = await sidecar(t, model.address, { OUTRIGGER_CARRIER: carrier })
    t.is((await h2Ask(h2Client(t, traffic), {})).status, 204)
    // The model speaks no HTTP/1.1.
    t.is((await ask(traffic, '/')).status, 502)
    const [host = '', port] = traffic.split(':')
    const socket = connect(Number(port), host)
    t.teardown(() => socket.destroy())
    socket.setNoDelay(true)
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
    const bytes = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings])
    for (const byte of bytes) {
      socket.write(Buffer.from([byte]))
      await new Promise(resolve => setImmediate(resolve))
    }
    const [answer] = (await once(socket, 'data')) as [Buffer]
    t.is(answer[3], 4, 'a SETTINGS frame')
  })
}

test('only the first bytes of a connection are a preface', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic } = await sidecar(t, model.address)
  const [host = '', port] = traffic.split(':')
  for (const before of ['\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n']) {
    const socket = connect(Number(port), host)
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.write(`${before}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`)
    await once(socket, 'close')
    t.regex(text, /HTTP\/1\.1 505 [^]*HTTP\/2 begins a connection/)
  }
  t.is(model.streams.length, 0)
})
