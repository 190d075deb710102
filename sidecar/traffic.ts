import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { answerSlowBody } from './answers.ts'
import type { Address } from '../core/runtime/environment.ts'
import { listenAt, shownAddress } from '../core/runtime/listen.ts'

/** The front: a strict HTTP/1.1 server with bounds on all that a client may send or withhold. */
export interface Traffic {
  address: string
  /** No new connections, and those that rest are closed. Resolves when none is left. */
  close(): Promise<void>
  /** Cuts off what is left. */
  destroy(): void
}

export interface Handlers {
  request(request: IncomingMessage, response: ServerResponse): Promise<void>
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

const MOST_HEAD_BYTES = 32 * 1024
const HEAD_TIME_OUT_MS = 15_000
/** Longer than clients keep theirs, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000
/** A connection that rested this long has surely no request on its way. */
const REST_MS = 500
const LOOK_MS = 50

/** Listens on each address; rejects with the system's error (EADDRINUSE, EACCES). */
export async function traffic(
  listen: readonly Address[],
  bodyTimeoutMs: number,
  handlers: Handlers,
): Promise<Traffic> {
  const server = createServer({
    maxHeaderSize: MOST_HEAD_BYTES,
    headersTimeout: HEAD_TIME_OUT_MS,
    // Uploads and streams may take long; a body that stops coming is cut off below.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Both are checked by the strict reading, with an answer that says why.
    requireHostHeader: false,
    shouldUpgradeCallback: isPlainUpgrade,
  })
  const uses = new Map<Duplex, Use>()
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const use = uses.get(request.socket)
    if (use !== undefined) begin(use, request, response)
    if (hasBody(request)) watchBody(request, response, bodyTimeoutMs)
    handlers.request(request, response).catch(() => response.destroy())
  }
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('upgrade', handlers.upgrade)
  server.on('connect', (_request, socket) => endWith(socket, '501 Not Implemented'))
  server.on('clientError', (error, socket) => answerError(error, socket, uses.get(socket)))
  server.on('connection', (socket: Socket) => {
    uses.set(socket, { open: 0, since: performance.now(), last: null })
    socket.once('close', () => uses.delete(socket))
  })
  const fronts = listen.map((_, i) => (i === 0 ? server : beside(server)))
  const bound = await listenAll(fronts, listen)
  return {
    address: bound[0] ?? '',
    close() {
      const look = (): void => {
        const long = performance.now() - REST_MS
        for (const [socket, { open, since }] of uses) {
          if (open === 0 && since <= long) socket.destroy()
        }
      }
      look()
      const timer = setInterval(look, LOOK_MS)
      return closeAll(fronts).finally(() => clearInterval(timer))
    },
    destroy: () => server.closeAllConnections(),
  }
}

/** Another way in: a pod has an address of each family, and nothing may listen on all of them. */
function beside(server: NetServer): NetServer {
  return new NetServer({ allowHalfOpen: true, noDelay: true }, socket =>
    server.emit('connection', socket),
  )
}

/** All or none. */
async function listenAll(
  servers: readonly NetServer[],
  addresses: readonly Address[],
): Promise<string[]> {
  const bound: string[] = []
  try {
    for (const [i, server] of servers.entries()) {
      const at = addresses[i]
      if (at !== undefined) bound.push(shownAddress(await listenAt(server, at)))
    }
    return bound
  } catch (error) {
    await closeAll(servers.slice(0, bound.length))
    throw error
  }
}

/** http.Server's own close would cut connections on which a request may be under way. */
async function closeAll(servers: readonly NetServer[]): Promise<void> {
  await Promise.all(
    servers.map(
      server => new Promise<unknown>(done => NetServer.prototype.close.call(server, done)),
    ),
  )
}

/** What a connection is used for: requests without their answers yet, or since when it rests (ms). */
interface Use {
  open: number
  since: number
  last: { request: IncomingMessage; response: ServerResponse } | null
}

function begin(use: Use, request: IncomingMessage, response: ServerResponse): void {
  use.open++
  use.last = { request, response }
  response.once('close', () => {
    use.open--
    use.since = performance.now()
    if (use.last?.response === response) use.last = null
  })
}

/** Only a WebSocket upgrade without a body is one; all else is read as a request, without its Upgrade. */
function isPlainUpgrade(request: IncomingMessage): boolean {
  return (
    request.method === 'GET' &&
    request.headers.upgrade?.toLowerCase() === 'websocket' &&
    !hasBody(request)
  )
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined
}

/** A client that owes bytes and sends none for this long loses its place. */
function watchBody(request: IncomingMessage, response: ServerResponse, ms: number): void {
  const { socket } = request
  let seen = socket.bytesRead
  const timer = setInterval(() => {
    // Not read for now: it waits for a slot, or for a model that reads slowly.
    const waits = request.readableFlowing === true && socket.bytesRead === seen
    seen = socket.bytesRead
    if (request.complete) clearInterval(timer)
    else if (waits) {
      answerSlowBody(response)
      response.once('finish', () => socket.destroySoon())
    }
  }, ms)
  response.once('close', () => clearInterval(timer))
  request.once('end', () => clearInterval(timer))
}

const answers: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function answerError(error: NodeJS.ErrnoException, socket: Duplex, use: Use | undefined): void {
  const ownBody = use?.open === 1 && use.last?.request.complete === false
  const answerable =
    use === undefined || use.open === 0 || (ownBody && !use.last?.response.headersSent)
  // Where an answer is under way, another one would be taken for a part of it.
  if (!answerable || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  endWith(socket, answers[error.code ?? ''] ?? '400 Bad Request')
}

export function endWith(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
