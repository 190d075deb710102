import type { IncomingMessage } from 'node:http'
import { connect, Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Lane } from '../../core/carry/lane/lane.ts'
import type { LaneStream } from '../../core/carry/lane/stream.ts'
import { realTime } from '../../core/carry/time.ts'
import type { Unread } from '../../core/carry/unread.ts'
import { lanes } from '../../sidecar/lanes.ts'
import { ENDPOINT, recorder, sidecar, signing } from './support.ts'

/** A sidecar, and an edge that is no more than a lane. */
async function world(t: ExecutionContext, env: Record<string, string> = {}) {
  const model = await recorder(t)
  const started = await sidecar(t, model.address, env)
  const signed = signing.pass({ edge: 'edge-1', endpoint: ENDPOINT, until: Date.now() + 600_000 })
  const pass = Buffer.from(JSON.stringify(signed)).toString('base64url')
  const [host = '', port] = started.traffic.split(':')
  const socket = connect({ host, port: Number(port), allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.write(
    `GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: outrigger-lane\r\nx-outrigger-pass: ${pass}\r\n\r\n`,
  )
  await new Promise(resolve => socket.once('data', resolve))
  const lane = new Lane(socket, { accept: null, most: 10, later: realTime.later })
  const closed = new Promise(resolve => socket.once('close', resolve))
  return { started, pass, socket, lane, closed }
}

/** Asks on a stream and waits for the whole answer. */
function ask(stream: LaneStream, text: string): Promise<string> {
  return new Promise(resolve => {
    let got = ''
    const read = (bytes: Buffer): void => {
      got += bytes.toString('latin1')
      if (!got.endsWith('ok')) return
      stream.removeListener('data', read)
      resolve(got)
    }
    stream.on('data', read)
    stream.write(text, 'latin1')
  })
}

test('a word for a pass is good on its stream, whoever reads it', async t => {
  const { lane, socket, pass } = await world(t)
  socket.on('data', (bytes: Buffer) => lane.read(bytes))
  const stream = lane.open()
  const line = (value: string): string => `host: a\r\nx-outrigger-pass: ${value}\r\n\r\n`
  const got = await ask(stream, `GET /a HTTP/1.1\r\n${line(pass)}`)
  const word = /^x-outrigger-pass: (.*)\r$/im.exec(got)?.[1] ?? ''
  t.not(word, '')
  for (const method of ['GET', 'PROPFIND', 'GET']) {
    t.regex(await ask(stream, `${method} /a HTTP/1.1\r\n${line(word)}`), /^x-outrigger-slots: /im)
  }
})

test('a lane whose edge shows no sign of life is closed as a connection that rests', async t => {
  const { closed } = await world(t, { OUTRIGGER_IDLE_TIMEOUT: '200' })
  await closed
  t.pass()
})

test('an edge that does not answer the end of its lane holds up no drain', async t => {
  const { started, socket } = await world(t)
  socket.removeAllListeners('end').pause()
  await started.stop({ graceMs: 0, timeoutMs: 60_000 })
  t.pass()
})

test('what clients leave unread counts with the streams of a lane, not with the lane', t => {
  const shared: unknown[] = []
  const socket = new Socket()
  socket.write = () => true
  t.teardown(() => socket.destroy())
  const good = { good: () => true, wordFor: () => null, moved: () => undefined }
  const unread = { share: (one: unknown) => void shared.push(one) } as unknown as Unread
  const all = lanes(good, { connections: 1, idleTimeoutMs: 1000 }, () => undefined, unread)
  const request = { headers: { 'x-outrigger-pass': 'p' } } as unknown as IncomingMessage
  all.accept(request, socket, Buffer.alloc(0))
  t.deepEqual(shared, [socket])
})
