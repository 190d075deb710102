import test from 'ava'
import { samplesUntil, sidecar } from '../support.ts'
import * as h2 from './frames.ts'
import { GRPC, h2Ask, h2Client, h2Model, until } from './support.ts'

/** What a client may do to us, and each setting that bounds it. Codes: RFC 9113 7. */
const NO_ERROR = 0
const PROTOCOL_ERROR = 1
const REFUSED_STREAM = 7
const CANCEL = 8
const ENHANCE_YOUR_CALM = 11

const quick = { ':status': 204 }

const opened = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) =>
    h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 2 * i + 1, h2.block(h2.get)),
  )

test('streams at a time: who knows of the bound and goes beyond it is ended', async t => {
  const model = await h2Model(t, () => undefined)
  const bounds = { OUTRIGGER_H2_STREAMS: '3', OUTRIGGER_FIRST_LIMIT: '100' }
  const { traffic } = await sidecar(t, model.address, bounds)
  const client = await h2.rawClient(t, traffic)
  client.write(...opened(3))
  await until(() => model.streams.length === 3)
  client.write(...opened(4).slice(3))
  t.is(h2.codeOf(await client.came(h2.GOAWAY)), PROTOCOL_ERROR)
  await client.ended
  await until(() => model.streams.every(({ stream }) => stream.destroyed))
  t.is(model.streams.length, 3)
})

test('before it knows of the bound, streams beyond it are refused', async t => {
  const model = await h2Model(t, () => undefined)
  const bounds = { OUTRIGGER_H2_STREAMS: '3', OUTRIGGER_FIRST_LIMIT: '100' }
  const { traffic } = await sidecar(t, model.address, bounds)
  const client = await h2.rawClient(t, traffic, [], false)
  client.write(...opened(7))
  const resets = (): h2.Frame[] => client.frames.filter(({ type }) => type === h2.RST_STREAM)
  await until(() => resets().length === 4 && model.streams.length === 3)
  t.deepEqual(
    resets().map(one => [one.stream, h2.codeOf(one)]),
    [7, 9, 11, 13].map(id => [id, REFUSED_STREAM]),
  )
})

test('rapid reset: opened and reset again and again, the connection is ended, and nothing is left', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic, admin } = await sidecar(t, model.address, {
    OUTRIGGER_H2_RESET_BURST: '20',
    OUTRIGGER_H2_RESET_RATE: '1',
    OUTRIGGER_FIRST_LIMIT: '100',
  })
  const client = await h2.rawClient(t, traffic)
  const head = h2.block(h2.get)
  const cancel = Buffer.from([0, 0, 0, CANCEL])
  const pair = (id: number): Uint8Array[] => [
    h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, id, head),
    h2.frame(h2.RST_STREAM, 0, id, cancel),
  ]
  client.write(...Array.from({ length: 100 }, (_, i) => pair(2 * i + 1)).flat())
  await client.ended
  const goaway = client.frames.find(({ type }) => type === h2.GOAWAY)
  t.true(goaway !== undefined && h2.codeOf(goaway) !== NO_ERROR)
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 0)
  await until(() => model.streams.every(({ stream }) => stream.destroyed))
  const other = h2Ask(h2Client(t, traffic), GRPC, '')
  await until(() => model.streams.some(({ stream }) => !stream.destroyed))
  model.streams.at(-1)?.stream.respond(quick, { endStream: true })
  t.is((await other).status, 204)
})

for (const [what, type, payload] of [
  ['PING', h2.PING, Buffer.alloc(8)],
  ['SETTINGS', h2.SETTINGS, Buffer.alloc(0)],
] as const) {
  test(`a flood of ${what} ends the connection`, async t => {
    const model = await h2Model(t, () => undefined)
    const { traffic } = await sidecar(t, model.address, {
      OUTRIGGER_H2_CONTROL_BURST: '50',
      OUTRIGGER_H2_CONTROL_RATE: '1',
    })
    const client = await h2.rawClient(t, traffic)
    const flood = (count: number): void =>
      client.write(...Array.from({ length: count }, () => h2.frame(type, 0, 0, payload)))
    flood(20)
    await until(() => client.frames.filter(one => one.type === type).length >= 20)
    flood(100)
    await client.ended
    const goaway = client.frames.find(one => one.type === h2.GOAWAY)
    t.is(goaway === undefined ? -1 : h2.codeOf(goaway), ENHANCE_YOUR_CALM)
  })
}

test('a flood of CONTINUATION ends the connection', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic } = await sidecar(t, model.address)
  const client = await h2.rawClient(t, traffic)
  client.write(h2.frame(h2.HEADERS, h2.END_STREAM, 1, h2.block(h2.get)))
  for (let i = 0; i < 50; i++) client.write(h2.frame(h2.CONTINUATION, 0, 1, h2.block({ a: 'b' })))
  await client.ended
  t.is(model.streams.length, 0)
})

test('invalid frames: so many, and no more', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic } = await sidecar(t, model.address, { OUTRIGGER_H2_INVALID_FRAMES: '3' })
  const client = await h2.rawClient(t, traffic)
  // A header in capitals: the stream is reset, the connection goes on.
  const head = h2.block({ ...h2.get, 'X-A': 'b' })
  const bad = (i: number): Uint8Array =>
    h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 2 * i + 1, head)
  client.write(bad(0))
  t.is(h2.codeOf(await client.came(h2.RST_STREAM)), PROTOCOL_ERROR)
  for (let i = 1; i < 20; i++) client.write(bad(i))
  await client.ended
  t.is(model.streams.length, 0)
})

test('a head of more bytes or more headers than may be is reset, and no call', async t => {
  const model = await h2Model(t, stream => stream.respond(quick, { endStream: true }))
  const bounds = { OUTRIGGER_HEAD_BYTES: '2048', OUTRIGGER_MAX_HEADERS: '12' }
  const { traffic } = await sidecar(t, model.address, bounds)
  const client = await h2.rawClient(t, traffic)
  const heads = [
    Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`x-${i}`, '1'])),
    Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`x-${i}`, 'a'.repeat(120)])),
    Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`x-${i}`, 'a'.repeat(126)])),
  ]
  for (const [i, more] of heads.entries()) {
    const bytes = h2.block({ ...h2.get, ...more })
    client.write(h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 2 * i + 1, bytes))
  }
  await client.came(h2.HEADERS)
  await until(() => client.frames.filter(({ type }) => type === h2.RST_STREAM).length === 2)
  t.deepEqual(
    client.frames
      .filter(({ type }) => type === h2.RST_STREAM)
      .map(one => [one.stream, h2.codeOf(one)]),
    [
      [1, ENHANCE_YOUR_CALM],
      [5, ENHANCE_YOUR_CALM],
    ],
  )
  t.is(model.streams.length, 1)
})

test('a connection may take so much memory: new streams are refused, and who goes on is ended', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic } = await sidecar(t, model.address, {
    OUTRIGGER_H2_SESSION_MEMORY: '1',
    OUTRIGGER_H2_STREAMS: '10000',
    OUTRIGGER_H2_REFUSED_STREAMS: '10',
    OUTRIGGER_FIRST_LIMIT: '10000',
  })
  const client = await h2.rawClient(t, traffic)
  client.write(...opened(2000))
  const refusal = await client.came(h2.RST_STREAM)
  t.true(refusal.stream > 200, String(refusal.stream))
  await client.ended
})

test('a client that gives no window for an answer loses its slot after a while', async t => {
  const model = await h2Model(t, stream => {
    stream.respond({ ':status': 200 })
    stream.write(Buffer.alloc(1 << 20))
  })
  const { traffic, admin } = await sidecar(t, model.address, { OUTRIGGER_BODY_TIMEOUT: '300' })
  // SETTINGS_INITIAL_WINDOW_SIZE 0.
  const client = await h2.rawClient(t, traffic, [4, 0])
  client.write(h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, h2.block(h2.get)))
  const reset = await client.came(h2.RST_STREAM)
  t.is(h2.codeOf(reset), CANCEL)
  t.false(client.frames.some(({ type }) => type === h2.DATA))
  await samplesUntil(admin, all => all.reduce((sum, { abandoned }) => sum + abandoned, 0) === 1)
  await until(() => model.streams[0]?.stream.destroyed === true)
})

test('nor may it leave a whole answer lying here', async t => {
  const model = await h2Model(t, stream => {
    stream.respond({ ':status': 200 })
    stream.end('small')
  })
  const { traffic } = await sidecar(t, model.address, { OUTRIGGER_BODY_TIMEOUT: '300' })
  const client = await h2.rawClient(t, traffic, [4, 0])
  client.write(h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, h2.block(h2.get)))
  t.is(h2.codeOf(await client.came(h2.RST_STREAM)), CANCEL)
})

test('a body that does not come: 408, for gRPC a status; a call that has begun may pause for longer', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic, admin } = await sidecar(t, model.address, {
    OUTRIGGER_BODY_TIMEOUT: '200',
    OUTRIGGER_QUIET_TIMEOUT: '2500',
    OUTRIGGER_FIRST_LIMIT: '9',
  })
  const session = h2Client(t, traffic)
  const began = performance.now()
  const paused = session.request({ ...GRPC, ':path': '/' })
  paused.write('message')
  let pausedMs = 0
  paused.on('response', headers => {
    pausedMs = performance.now() - began
    t.is(headers['grpc-status'], '4')
  })
  for (const [headers, field, value] of [
    [{ ':method': 'POST' }, ':status', 408],
    [GRPC, 'grpc-status', '4'],
  ] as const) {
    const silent = session.request({ ...headers, ':path': '/' })
    const got = await new Promise<Record<string, unknown>>(resolve => {
      silent.once('response', answer => resolve(answer))
    })
    t.is(got[field], value)
    t.is(pausedMs, 0)
  }
  await new Promise(resolve => paused.once('close', resolve))
  t.true(pausedMs >= 2500, String(pausedMs))
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 0)
})

test('a connection without a stream is told GOAWAY and ended', async t => {
  const model = await h2Model(t, stream => stream.respond(quick, { endStream: true }))
  const { traffic } = await sidecar(t, model.address, { OUTRIGGER_IDLE_TIMEOUT: '300' })
  const client = await h2.rawClient(t, traffic)
  client.write(h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, h2.block(h2.get)))
  t.is(h2.codeOf(await client.came(h2.GOAWAY)), NO_ERROR)
  t.true(
    client.frames.some(({ type }) => type === h2.HEADERS),
    'its stream was served',
  )
  // It does not close its side: that is done for it.
  await client.ended
})
