import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { crowd } from '../core/carry/crowd.ts'
import type { Conn } from '../core/carry/conn.ts'
import type { Handed } from '../core/carry/front.ts'
import { duplexOf } from '../core/carry/lane/duplex.ts'
import { lastWord } from '../core/carry/last-word.ts'
import { Rare } from '../core/carry/rare.ts'
import { watchBody } from '../core/carry/slow-body.ts'
import type { Unread } from '../core/carry/unread.ts'
import type { TrafficBounds } from './bounds.ts'
import type { Front } from './forward/fast/front.ts'
import { door } from './forward/h2/door.ts'
import type { H2Front } from './forward/h2/front.ts'
import { asksForLane, lanes, type Lanes } from './lanes.ts'
import type { Passes } from './passes.ts'
import { sniffer } from './forward/h2/sniff.ts'
import type { Address } from '../core/runtime/environment.ts'
import { listenAt, shownAddress } from '../core/runtime/listen.ts'

/** The front: a strict HTTP/1.1 server with bounds on all that a client may send or withhold. */
export interface Traffic {
  address: string
  /** Connections of clients, whoever carries them, and to the model those of the fast carrier and of HTTP/2. */
  open(): { clients: number; links: number }
  /** No new connections, and those that rest are closed. Resolves when none is left. */
  close(): Promise<void>
  /** Cuts off what is left. */
  destroy(): void
}

export interface Handlers {
  passes: Passes
  request(request: IncomingMessage, response: ServerResponse): Promise<void>
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Reads connections first, and hands over those that it declines; null: all go to node:http. */
  fast: ((handOver: (conn: Conn, bytes: Buffer, to: Handed) => void) => Front) | null
  /** What clients leave unread: looked after by the fast carrier, where there is one. */
  unread: Unread
  /** Loads what carries HTTP/2, when the first connection begins with its preface. */
  h2: () => Promise<H2Front>
}

/** A connection that rested this long has surely no request on its way. */
const REST_MS = 500
const LOOK_MS = 50
/**
 * Connections that may wait to be accepted, as many as Linux allows (net.core.somaxconn): clients and edges come with
 * hundreds at once where the limit is high, and what does not fit waits a second for its system to ask again.
 */
const BACKLOG = 4096

/** Listens on each address; rejects with the system's error (EADDRINUSE, EACCES). */
export async function traffic(
  listen: readonly Address[],
  bounds: TrafficBounds,
  handlers: Handlers,
): Promise<Traffic> {
  const { server, handOver, closeResting } = compatServer(bounds, handlers, (...asked) =>
    shared.accept(...asked),
  )
  const h2 = door(handlers.h2)
  const give = (conn: Conn, bytes: Buffer, to: Handed): void => {
    if (to === 'compat') {
      const duplex = duplexOf(conn)
      handlers.passes.moved(conn, duplex)
      return handOver(duplex, bytes)
    }
    // Edges send none: it would have to share its windows with those of a lane.
    if (conn instanceof Socket) h2.accept(conn, bytes)
    else conn.destroy()
  }
  const fast = handlers.fast?.(give) ?? null
  const shared = lanes(handlers.passes, bounds, fast?.accept ?? null, handlers.unread)
  const sniffed = sniffer(bounds.headTimeoutMs, give)
  const clients = crowd(bounds.connections)
  const take = (socket: Socket): void => {
    if (fast !== null) return fast.accept(socket)
    handlers.unread.add(socket)
    sniffed.sniff(socket)
  }
  const options = { allowHalfOpen: true, noDelay: true }
  const fronts = listen.map(() => new NetServer(options, socket => clients.accept(socket, take)))
  const bound = await listenAll(fronts, listen).catch((error: unknown) => {
    fast?.close()
    throw error
  })
  const looks =
    fast === null ? setInterval(() => handlers.unread.look(performance.now()), REST_MS) : null
  looks?.unref()
  return {
    address: bound[0] ?? '',
    open: () => ({ clients: clients.open(), links: (fast?.open().links ?? 0) + h2.links() }),
    close() {
      const look = (): void => {
        closeResting(REST_MS)
        fast?.closeResting(REST_MS)
        shared.closeResting(REST_MS)
        sniffed.closeResting(REST_MS)
        h2.closeResting()
      }
      look()
      const timer = setInterval(look, LOOK_MS)
      return closeAll(fronts).finally(() => {
        clearInterval(timer)
        if (looks !== null) clearInterval(looks)
        fast?.close()
        h2.close()
      })
    },
    destroy() {
      server.closeAllConnections()
      fast?.destroy()
      shared.destroy()
      h2.destroy()
    },
  }
}

/** node:http, for what the fast carrier declines. */
function compatServer(
  { headBytes, headTimeoutMs, idleTimeoutMs, bodyTimeoutMs }: TrafficBounds,
  handlers: Handlers,
  lane: Lanes['accept'],
): {
  server: Server
  handOver(socket: Duplex, bytes: Buffer): void
  closeResting(restMs: number): void
} {
  const server = createServer({
    maxHeaderSize: headBytes,
    headersTimeout: headTimeoutMs,
    // Node looks each 30 s, however short the time-out is.
    connectionsCheckingInterval: Math.min(500, Math.ceil(headTimeoutMs / 4)),
    // Uploads and streams may take long; a body that stops coming is cut off below.
    requestTimeout: 0,
    keepAliveTimeout: idleTimeoutMs,
    // Both are checked by the strict reading, with an answer that says why.
    requireHostHeader: false,
    shouldUpgradeCallback: request => rare.upgrades(request),
  })
  const rare = new Rare(server, () => performance.now())
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (!rare.begin(request, response)) return
    watchBody(request, response, bodyTimeoutMs)
    handlers.request(request, response).catch(() => response.destroy())
  }
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('upgrade', (request, socket, bytes) => {
    rare.forget(socket)
    if (asksForLane(request)) lane(request, socket, bytes)
    else handlers.upgrade(request, socket, bytes)
  })
  const closeResting = (restMs: number): void => rare.closeResting(performance.now() - restMs)
  return { server, handOver: handing(server), closeResting }
}

function handing(server: Server): (socket: Duplex, bytes: Buffer) => void {
  let open = 0
  return (socket, bytes) => {
    // It never listens itself, but watches the time-outs of its connections as if it did, and ends that with the last
    // one: a look each half second is more than all else that a sidecar at rest does.
    if (open++ === 0) server.emit('listening')
    socket.once('close', () => {
      if (--open === 0) server.close()
    })
    socket.pause()
    socket.unshift(bytes)
    server.emit('connection', socket)
    socket.resume()
  }
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
      if (at !== undefined) bound.push(shownAddress(await listenAt(server, at, BACKLOG)))
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

export function endWith(socket: Duplex, status: string): void {
  lastWord(socket, `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
