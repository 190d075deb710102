import { createServer } from 'node:net'
import { once } from 'node:events'
import test from 'ava'
import { listen, samplesUntil, sidecar } from '../support.ts'
import { grpcClient, grpcModel, unary } from './calls.ts'
import * as h2 from './frames.ts'
import { GRPC, h2Ask, h2Client, h2Model, until, used } from './support.ts'

test('a model that is gone, or speaks something else: UNAVAILABLE or 502, with the reason', async t => {
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address() as { port: number }
  await new Promise(resolve => gone.close(resolve))
  const http1 = await listen(t, (_request, response) => void response.end())
  for (const address of [`127.0.0.1:${port}`, http1.address]) {
    const { traffic } = await sidecar(t, address)
    const session = h2Client(t, traffic)
    const call = await h2Ask(session, GRPC, '')
    t.deepEqual([call.status, call.headers['grpc-status'], call.code], [200, '14', 0])
    t.is(call.headers['x-outrigger-reason'], 'unreached')
    t.regex(String(call.headers['grpc-message']), /^The model can not be reached: /)
    const other = await h2Ask(session, {})
    t.is(other.status, 502)
    t.is(other.headers['x-outrigger-reason'], 'unreached')
  }
})

test('a stream that the model resets before its answer; again only where that can do no harm', async t => {
  const model = await h2Model(t, stream => stream.close(2))
  const { traffic } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  const call = await h2Ask(session, GRPC, 'message')
  t.is(call.headers['grpc-status'], '14')
  t.is(call.headers['x-outrigger-reason'], 'upstream')
  t.is(model.streams.length, 1)
  t.is((await h2Ask(session, {})).status, 502)
  t.is(model.streams.length, 3)
})

test('a stream that the model refuses was not sent: tried once more if nothing of a body is gone', async t => {
  let refusals = 1
  const model = await h2Model(t, stream => {
    if (refusals-- > 0) stream.close(7)
    else stream.respond({ ':status': 200 }, { endStream: true })
  })
  const { traffic } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  t.is((await h2Ask(session, { ':method': 'DELETE' })).status, 200)
  t.is(model.streams.length, 2)
  refusals = 9
  const call = await h2Ask(session, GRPC, 'message')
  t.deepEqual(
    [call.headers['grpc-status'], call.headers['x-outrigger-reason']],
    ['14', 'unreached'],
  )
})

test('an answer that breaks off does so for the client, with the same code', async t => {
  const model = await h2Model(t, (stream, headers) => {
    // With trailers to come, Node does not end what is reset.
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    )
    stream.write('some', () => {
      if (headers[':path'] === '/reset') stream.close(11)
      else stream.session?.destroy()
    })
  })
  const { traffic, admin } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  t.like(await h2Ask(session, { ...GRPC, ':path': '/reset' }, ''), { body: 'some', code: 11 })
  t.like(await h2Ask(session, GRPC, ''), { status: 200, trailers: {}, code: 2 })
  await samplesUntil(
    admin,
    all => all.reduce((sum, { completed }) => sum + completed.server, 0) === 2,
  )
})

test('no more streams on a session than the model takes; a further session beyond that', async t => {
  const model = await h2Model(t, () => undefined, { settings: { maxConcurrentStreams: 2 } })
  const { traffic } = await sidecar(t, model.address, { OUTRIGGER_FIRST_LIMIT: '5' })
  const session = h2Client(t, traffic)
  const all = Array.from({ length: 5 }, () => h2Ask(session, GRPC, ''))
  await until(() => model.streams.length === 5)
  t.is(used(model), 3)
  for (const { stream } of model.streams) stream.respond({ ':status': 204 }, { endStream: true })
  for (const { status } of await Promise.all(all)) t.is(status, 204)
  const more = h2Ask(session, GRPC, '')
  await until(() => model.streams.length === 6)
  t.is(used(model), 3, 'kept')
  model.streams[5]?.stream.respond({ ':status': 204 }, { endStream: true })
  t.is((await more).status, 204)
})

test('a session that the model ends finishes what it has, and gets nothing new', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  const first = h2Ask(session, GRPC, '')
  await until(() => model.streams.length === 1)
  model.streams[0]?.stream.session?.close()
  await new Promise(resolve => setImmediate(resolve))
  const second = h2Ask(session, GRPC, '')
  await until(() => model.streams.length === 2)
  t.is(used(model), 2)
  for (const { stream } of model.streams) stream.respond({ ':status': 204 }, { endStream: true })
  t.deepEqual([(await first).status, (await second).status], [204, 204])
})

test('a model that starts again is found again', async t => {
  const first = await grpcModel(t, { Unary: (call, answer) => answer(null, call.request) })
  const { traffic } = await sidecar(t, first.address)
  const client = grpcClient(t, traffic)
  t.is((await unary(client, Buffer.from('a'))).value?.toString(), 'a')
  first.server.forceShutdown()
  t.is((await unary(client, Buffer.from('b'))).error?.code, 14)
  const port = Number(first.address.split(':')[1])
  await grpcModel(t, { Unary: (call, answer) => answer(null, call.request) }, port)
  t.is((await unary(client, Buffer.from('c'))).value?.toString(), 'c')
})

test('a model that answers nonsense: 502, and nothing worse', async t => {
  // :status 700, 99 and 101, as frames that no library would write.
  const statuses = ['700', '099', '101']
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.write(h2.frame(h2.SETTINGS, 0, 0))
    socket.on('data', (chunk: Buffer) => {
      // Only the frames that matter here: each stream is answered.
      for (let at = chunk.indexOf('PRI *') === 0 ? 24 : 0; at + 9 <= chunk.length;) {
        const id = chunk.readUInt32BE(at + 5)
        const block = h2.block({ ':status': statuses[(id - 1) / 2] ?? '200' })
        if (chunk[at + 3] === h2.HEADERS) socket.write(h2.frame(h2.HEADERS, 5, id, block))
        at += 9 + chunk.readUIntBE(at, 3)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const { traffic } = await sidecar(t, `127.0.0.1:${port}`)
  const session = h2Client(t, traffic)
  for (const status of statuses)
    t.is((await h2Ask(session, { ':method': 'POST' })).status, 502, status)
})
