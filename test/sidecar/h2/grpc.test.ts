import { once } from 'node:events'
import { Metadata, status, type ServiceError } from '@grpc/grpc-js'
import test from 'ava'
import { samplesUntil, sidecar } from '../support.ts'
import { bytes, grpcClient, grpcModel, path, unary } from './calls.ts'
import { until } from './support.ts'

/** A real client and a real server of gRPC, with a sidecar between them. */
test('unary calls: messages, metadata and statuses both ways', async t => {
  const { address } = await grpcModel(t, {
    Unary(call, answer) {
      const code = Number(call.metadata.get('ask-code')[0] ?? 0)
      const trailers = new Metadata()
      trailers.set('said', 'at the end')
      const first = new Metadata()
      first.set('seen-bin', call.metadata.get('key-bin')[0] ?? Buffer.alloc(0))
      first.set('seen-own', String(call.metadata.get('x-outrigger-pass').length))
      call.sendMetadata(first)
      if (code === 0) answer(null, call.request, trailers)
      else answer({ code, details: 'Käse: 100 %', metadata: trailers })
    },
  })
  const { traffic, admin } = await sidecar(t, address)
  const client = grpcClient(t, traffic)
  const metadata = new Metadata()
  metadata.set('key-bin', Buffer.from([0, 1, 255]))
  metadata.set('x-outrigger-pass', 'forged')
  const good = await unary(client, Buffer.from('hello'), { metadata })
  t.is(good.value?.toString(), 'hello')
  t.deepEqual(good.first?.get('seen-bin'), [Buffer.from([0, 1, 255])])
  t.deepEqual(good.first?.get('seen-own'), ['0'])
  t.is(good.first?.get('x-outrigger-waited-us').length, 1)
  t.deepEqual(good.trailers?.get('said'), ['at the end'])
  for (const [code, times] of [
    [status.INVALID_ARGUMENT, 2],
    [status.INTERNAL, 3],
  ] as const) {
    const asked = new Metadata()
    asked.set('ask-code', String(code))
    for (let i = 0; i < times; i++) {
      const bad = await unary(client, Buffer.from(''), { metadata: asked })
      t.is(bad.error?.code, code)
      t.is(bad.error?.details, 'Käse: 100 %')
      t.deepEqual(bad.error?.metadata.get('said'), ['at the end'])
    }
  }
  const completed = { ok: 0, client: 0, server: 0 }
  await samplesUntil(admin, all => {
    Object.assign(completed, { ok: 0, client: 0, server: 0 })
    for (const { completed: one } of all)
      for (const kind of ['ok', 'client', 'server'] as const) completed[kind] += one[kind]
    return completed.ok + completed.client + completed.server === 6
  })
  t.deepEqual(completed, { ok: 1, client: 2, server: 3 })
})

test('streams of the client, of the server, and of both', async t => {
  const { address } = await grpcModel(t, {
    Gather(call, answer) {
      const all: Buffer[] = []
      call.on('data', (one: Buffer) => all.push(one))
      call.on('end', () => answer(null, Buffer.concat(all)))
    },
    Spread(call) {
      for (const one of call.request) call.write(Buffer.from([one]))
      call.end()
    },
    Talk(call) {
      call.on('data', (one: Buffer) => call.write(Buffer.concat([one, one])))
      call.on('end', () => call.end())
    },
  })
  const { traffic } = await sidecar(t, address)
  const client = grpcClient(t, traffic)

  const gathered = new Promise<Buffer | undefined>((resolve, reject) => {
    const call = client.makeClientStreamRequest(path('Gather'), bytes, bytes, (error, value) =>
      error === null ? resolve(value) : reject(error),
    )
    for (const word of ['a', 'bc', 'def']) call.write(Buffer.from(word))
    call.end()
  })
  t.is((await gathered)?.toString(), 'abcdef')

  const spread = client.makeServerStreamRequest(path('Spread'), bytes, bytes, Buffer.from('xyz'))
  const heard: string[] = []
  spread.on('data', (one: Buffer) => heard.push(one.toString()))
  const [end] = (await once(spread, 'status')) as [{ code: number }]
  t.deepEqual([heard, end.code], [['x', 'y', 'z'], status.OK])

  const talk = client.makeBidiStreamRequest(path('Talk'), bytes, bytes)
  // Each answer is waited for before the next is said: nothing is held back on the way.
  for (const word of ['hi', 'you']) {
    talk.write(Buffer.from(word))
    const [back] = (await once(talk, 'data')) as [Buffer]
    t.is(back.toString(), word + word)
  }
  talk.end()
  const [talked] = (await once(talk, 'status')) as [{ code: number }]
  t.is(talked.code, status.OK)
})

test('a client that cancels frees its slot at once, and the model is told', async t => {
  let cancelled = 0
  const { address } = await grpcModel(t, {
    Spread(call) {
      call.write(Buffer.from('first'))
      call.on('cancelled', () => cancelled++)
    },
    Unary: (call, answer) => answer(null, call.request),
  })
  const { traffic, admin } = await sidecar(t, address, { OUTRIGGER_FIRST_LIMIT: '1' })
  const client = grpcClient(t, traffic)
  const call = client.makeServerStreamRequest(path('Spread'), bytes, bytes, Buffer.from('x'))
  const failed = once(call, 'error') as Promise<[ServiceError]>
  await once(call, 'data')
  // Waits for the only slot.
  const next = unary(client, Buffer.from('next'))
  call.cancel()
  t.is((await failed)[0].code, status.CANCELLED)
  t.is((await next).value?.toString(), 'next')
  await until(() => cancelled === 1)
  const samples = await samplesUntil(admin, all => all.some(({ abandoned }) => abandoned === 1))
  t.is(
    samples.reduce((sum, { completed }) => sum + completed.server, 0),
    0,
  )
})

test('a message of 16 MB both ways, to a client and to a model that take their time', async t => {
  const large = Buffer.alloc(16 << 20, 'abcdefg')
  const { address } = await grpcModel(t, { Unary: (call, answer) => answer(null, call.request) })
  const { traffic } = await sidecar(t, address)
  const client = grpcClient(t, traffic)
  const both = await Promise.all([unary(client, large), unary(client, large)])
  for (const { value } of both) t.true(value?.equals(large))
})

test('health checks need no slot, and are no demand', async t => {
  const { address } = await grpcModel(t, {
    Unary: () => undefined,
    Check: (_call, answer) => answer(null, Buffer.from([8, 1])),
  })
  const { traffic, admin } = await sidecar(t, address, { OUTRIGGER_FIRST_LIMIT: '1' })
  const client = grpcClient(t, traffic)
  void unary(client, Buffer.from('never answered'))
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 1)
  const { value, first } = await unary(client, Buffer.alloc(0), { path: path('Check') })
  t.deepEqual(value, Buffer.from([8, 1]))
  t.is(first?.get('x-outrigger-waited-us').length, 0)
  const samples = await samplesUntil(admin, all => all.length > 1)
  t.is(
    samples.reduce((sum, { offered }) => sum + offered, 0),
    1,
  )
})
