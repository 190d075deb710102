import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Ask } from '../core/carry/asker.ts'
import type { Conn } from '../core/carry/conn.ts'
import { front as clientFront } from '../core/carry/front.ts'
import { duplexOf } from '../core/carry/lane/duplex.ts'
import { lastWord } from '../core/carry/last-word.ts'
import { readMessage } from '../core/carry/message.ts'
import { Rare } from '../core/carry/rare.ts'
import { reading } from '../core/carry/reading.ts'
import { refused } from '../core/carry/said.ts'
import { saidText } from '../core/carry/wire.ts'
import { isRefusal } from '../core/http/head.ts'
import { HTTP2 } from '../core/http/request.ts'
import { LANE } from '../core/model/tables.ts'
import { bareText } from './answers.ts'
import { Call } from './call.ts'
import { handle } from './compat.ts'
import type { Desk } from './desk.ts'
import { tunnel } from './tunnel.ts'

/** The clients' connections of one endpoint: read strictly on sockets, and by node:http where that declines. */
export interface Front {
  accept(socket: Socket): void
  /** Connections that are open; WebSockets are not among them. */
  open(): number
  /** Closes those that rested long enough since `fromUs`: a request may be under way on any other. */
  closeResting(fromUs: number): void
  destroy(): void
}

/** A connection that rested this long has surely no request on its way. */
const REST_MS = 500

export function front(desk: Desk): Front {
  const { bounds, clock, kept, unread } = desk.around
  const ask: Ask = (head, upload, asker, arrivedUs) =>
    new Call(desk, head, upload, asker, arrivedUs)
  const compat = compatServer(desk, ask)
  const seconds = Math.floor(bounds.idleTimeoutMs / 1000)
  const fast = clientFront({
    ...bounds,
    bounds,
    ask,
    reading,
    kept,
    unread,
    keepAlive: `connection: keep-alive\r\nkeep-alive: timeout=${seconds}\r\n`,
    closing: () => desk.closing,
    look: nowMs => desk.sweep(nowMs),
    handOver(socket, bytes, to) {
      if (to === 'h2') return refuseHttp2(socket)
      const duplex = duplexOf(socket)
      duplex.pause()
      duplex.unshift(bytes)
      compat.server.emit('connection', duplex)
      duplex.resume()
    },
  })
  return {
    accept: socket => fast.accept(socket),
    open: () => fast.open().clients + compat.rare.size,
    closeResting(fromUs) {
      // A request may be under way on one that was told of the end only now.
      if (clock.us() - fromUs < REST_MS * 1000) return
      compat.rare.closeResting(clock.us() / 1000 - REST_MS)
      fast.closeResting(REST_MS)
    },
    destroy() {
      fast.close()
      fast.destroy()
      compat.server.close()
      compat.server.closeAllConnections()
    },
  }
}

function compatServer(desk: Desk, ask: Ask) {
  const { bounds, clock } = desk.around
  const server = createServer({
    maxHeaderSize: bounds.headBytes,
    headersTimeout: bounds.headTimeoutMs,
    connectionsCheckingInterval: Math.min(500, Math.ceil(bounds.headTimeoutMs / 4)),
    requestTimeout: 0,
    keepAliveTimeout: bounds.idleTimeoutMs,
    requireHostHeader: false,
    noDelay: true,
    // Lanes are for sidecars: to an edge it is one more upgrade that is not taken up.
    shouldUpgradeCallback: request => request.headers.upgrade !== LANE && rare.upgrades(request),
  })
  const rare = new Rare(server, () => clock.us() / 1000)
  const options = {
    ask,
    headers: bounds.headers,
    bodyTimeoutMs: bounds.bodyTimeoutMs,
    nowUs: () => clock.us(),
    closing: () => desk.closing,
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (rare.begin(request, response)) handle(options, request, response)
  }
  server.on('request', onRequest)
  // With a listener the body is asked for when a replica wants it, not before.
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('upgrade', (request, socket, head) => {
    rare.forget(socket)
    handleUpgrade(desk, request, socket, head)
  })
  // Connections are handed to it by a listener of its own; this starts its guard against slow heads.
  server.emit('listening')
  return { server, rare }
}

/** A connection that asks to be upgraded: WebSocket is passed through, without a slot. */
function handleUpgrade(
  desk: Desk,
  request: IncomingMessage,
  socket: Duplex,
  firstBytes: Buffer,
): void {
  const head = readMessage(request, desk.around.bounds.headers)
  if (isRefusal(head)) return lastWord(socket, bareText(`${head.status} Refused`, 'bad-request'))
  if (!head.webSocket) return lastWord(socket, bareText('501 Not Implemented', 'bad-request'))
  tunnel(desk, head, socket, firstBytes)
}

/** Sidecars speak it, edges do not: it needs no queue in front of streams. */
function refuseHttp2(socket: Conn): void {
  socket.on('error', () => socket.destroy())
  socket.end(saidText(refused(HTTP2), false, ''), 'latin1')
  socket.resume()
}
