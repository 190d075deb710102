import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import * as h2 from './h2/frames.ts'
import { h2Model, until } from './h2/support.ts'
import { ask, listen, sidecar } from './support.ts'

/** Who reads nothing holds some 64 KiB of an answer and a buffer besides: of eight, a few may. */
const SLOW = 8
const settings = { OUTRIGGER_UNREAD_BYTES: '500000', OUTRIGGER_FIRST_LIMIT: '100' }
const CUT = 4
const WINDOW_UPDATE = 8

const endless = (): Readable =>
  new Readable({
    read() {
      this.push(Buffer.alloc(65_536))
    },
  })

/** A model whose answers at /slow have no end, and how many of them were broken off. */
async function model(t: ExecutionContext) {
  let cut = 0
  const { address } = await listen(t, (request, response) => {
    if (request.url?.includes('slow') !== true) return void response.end('ok')
    response.once('close', () => cut++)
    const body = endless()
    response.once('close', () => body.destroy())
    body.pipe(response)
  })
  return { address, cut: () => cut }
}

function silent(t: ExecutionContext, traffic: string, said: string | Buffer): Socket {
  const [host = '', port] = traffic.split(':')
  const socket = connect({ host, port: Number(port) })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.write(said)
  return socket.pause()
}

for (const [what, carrier, line] of [
  ['the fast carrier', 'fast', 'GET /slow HTTP/1.1'],
  ['what it hands over', 'fast', 'GET http://a/slow HTTP/1.1'],
  ['the compat carrier alone', 'compat', 'GET /slow HTTP/1.1'],
] as const) {
  test(`what clients leave unread is bounded: ${what}`, async t => {
    const { address, cut } = await model(t)
    const { traffic } = await sidecar(t, address, { ...settings, OUTRIGGER_CARRIER: carrier })
    for (let i = 0; i < SLOW; i++) silent(t, traffic, `${line}\r\nHost: a\r\n\r\n`)
    await until(() => cut() >= CUT)
    t.is((await ask(traffic)).body, 'ok')
    t.true(cut() < SLOW, 'some there is room for')
  })
}

async function h2Endless(t: ExecutionContext) {
  let cut = 0
  const { address } = await h2Model(t, stream => {
    stream.respond({ ':status': 200 })
    stream.once('close', () => cut++)
    endless().pipe(stream)
  })
  return { address, cut: () => cut }
}

test('and on HTTP/2: streams without a window', async t => {
  const { address, cut } = await h2Endless(t)
  const { traffic } = await sidecar(t, address, settings)
  // SETTINGS_INITIAL_WINDOW_SIZE 0.
  const client = await h2.rawClient(t, traffic, [4, 0])
  for (let i = 0; i < SLOW; i++) {
    client.write(h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 2 * i + 1, h2.block(h2.get)))
  }
  const resets = (): h2.Frame[] => client.frames.filter(({ type }) => type === h2.RST_STREAM)
  await until(() => resets().length >= CUT && cut() >= CUT)
  t.true(
    resets().every(one => h2.codeOf(one) === 8),
    'CANCEL',
  )
  t.true(cut() < SLOW, 'some there is room for')
})

test('a connection of HTTP/2 that is not read is ended behind its streams: what it was sent lies here', async t => {
  const { address, cut } = await h2Endless(t)
  const { traffic, metrics } = await sidecar(t, address, { OUTRIGGER_BODY_TIMEOUT: '300' })
  const window = Buffer.alloc(4)
  window.writeUInt32BE(2 ** 31 - 1 - 65_535)
  const asks = [
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    // SETTINGS_INITIAL_WINDOW_SIZE 2^31 - 1.
    h2.frame(h2.SETTINGS, 0, 0, Buffer.from([0, 4, 127, 255, 255, 255])),
    h2.frame(WINDOW_UPDATE, 0, 0, window),
    h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, h2.block(h2.get)),
  ]
  silent(t, traffic, Buffer.concat(asks))
  const open = async (): Promise<boolean> => {
    const { body } = await ask(metrics, '/metrics')
    return !/^outrigger_connections\{.*side="client".*\} 0$/m.test(body)
  }
  await until(open)
  await until(async () => !(await open()))
  t.is(cut(), 1)
})
