import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Socket, type AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { rejectReasons } from '../../core/model/sample.ts'
import { duplexOf } from '../../core/carry/lane/duplex.ts'
import { Lane } from '../../core/carry/lane/lane.ts'
import { realTime } from '../../core/carry/time.ts'
import { HEADERS, LANE } from '../../core/model/tables.ts'

/**
 * What an edge sees of a sidecar: slots, a 429 at once when they are taken, its count in each answer. It
 * counts what reached the model, by the request's x-number, so that a test can tell lost from repeated.
 */
export interface FakeSidecar {
  address: string
  limit: number
  /** ms of each answer. */
  delayMs: number
  /** Requests that others hold here. */
  others: number
  inFlight: number
  mostInFlight: number
  refusals: number
  passes: Set<string>
  served: string[]
  seen: { method: string; url: string; raw: string[]; body: string }[]
  /** Gives the answer in place of the plain one. */
  answer: ((request: IncomingMessage, response: ServerResponse, body: string) => void) | null
  /** It takes lanes, and says so. */
  lanes: boolean
  /** Connections that were made to it, and streams of lanes. */
  connections: number
  streams: number
  /** kill -9: every socket is cut, nothing listens any more. */
  kill(): Promise<void>
}

export async function fakeSidecar(
  t: ExecutionContext,
  limit = 1,
  delayMs = 5,
): Promise<FakeSidecar> {
  const sockets = new Set<Socket>()
  const fake: FakeSidecar = {
    address: '',
    limit,
    delayMs,
    others: 0,
    inFlight: 0,
    mostInFlight: 0,
    refusals: 0,
    passes: new Set(),
    served: [],
    seen: [],
    answer: null,
    lanes: true,
    connections: 0,
    streams: 0,
    kill: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.resetAndDestroy()
      }),
  }
  const server = createServer((request, response) => void serve(fake, request, response))
  server.on('checkContinue', (request, response) => void serve(fake, request, response))
  server.on('upgrade', (request, socket, first) => {
    if (request.headers.upgrade === LANE) return join(fake, server, socket as Socket, first)
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
    fake.seen.push({ method: 'UPGRADE', url: request.url ?? '', raw: request.rawHeaders, body: '' })
  })
  server.on('connection', socket => {
    if (!(socket instanceof Socket)) return
    fake.connections++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => fake.kill())
  fake.address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return fake
}

/** As a sidecar does: each stream of the lane is a connection. */
function join(fake: FakeSidecar, server: Server, socket: Socket, first: Buffer): void {
  if (!fake.lanes) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${LANE}\r\n\r\n`,
  )
  const lane = new Lane(socket, {
    accept(stream) {
      fake.streams++
      server.emit('connection', duplexOf(stream))
    },
    most: 1000,
    later: realTime.later,
  })
  lane.read(first)
  socket.on('data', (bytes: Buffer) => lane.read(bytes))
}

async function serve(
  fake: FakeSidecar,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  fake.passes.add(String(request.headers[HEADERS.pass]))
  if (fake.inFlight + fake.others >= fake.limit) {
    fake.refusals++
    const own = { [HEADERS.slots]: slots(fake), [HEADERS.reason]: rejectReasons[2] }
    const close = request.headers.expect === undefined ? {} : { connection: 'close' }
    response.writeHead(429, { ...own, ...close, 'content-length': 0 })
    return void response.end()
  }
  fake.inFlight++
  fake.mostInFlight = Math.max(fake.mostInFlight, fake.inFlight + fake.others)
  response.once('close', () => fake.inFlight--)
  if (request.headers.expect !== undefined) response.writeContinue()
  const parts: Buffer[] = []
  try {
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  } catch {
    return
  }
  const body = Buffer.concat(parts).toString()
  const { method = '', url = '', rawHeaders: raw } = request
  fake.seen.push({ method, url, raw, body })
  fake.served.push(String(request.headers['x-number']))
  response.setHeader(HEADERS.slots, slots(fake))
  if (fake.lanes) response.setHeader(HEADERS.lane, '1')
  if (fake.answer !== null) return fake.answer(request, response, body)
  setTimeout(() => response.end(`served ${body.length}`), fake.delayMs)
}

function slots(fake: FakeSidecar): string {
  return `${fake.limit};${fake.inFlight + fake.others}`
}
