import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Address } from '../../../core/runtime/environment.ts'
import type { H2Bounds } from '../../bounds.ts'
import type { Desk } from '../../desk.ts'
import { Call } from './call.ts'
import { Guest } from './guest.ts'
import { PSEUDO, SESSION_WINDOW, Sessions, STREAM_WINDOW } from './sessions.ts'

/** HTTP/2 with prior knowledge: node:http2 towards clients and towards the model, a call for each stream. */
export interface H2Front {
  accept(socket: Socket): void
  closeResting(): void
  destroy(): void
  /** Who keeps us waiting loses its place: done by itself now and then. */
  look(): void
  /** Sessions of clients and to the model, and calls. */
  open(): { guests: number; sessions: number; calls: number }
  close(): void
}

const LOOK_MS = 250

export function h2Front(options: { desk: Desk; app: Address; bounds: H2Bounds }): H2Front {
  const { desk, app, bounds } = options
  const guests = new Map<ServerHttp2Session, Guest>()
  const calls = new Set<Call>()
  const sessions = new Sessions(app, bounds)
  const around = { desk, sessions, bounds }
  const server = createServer(serverOptions(bounds))
  let closing = false

  server.on('sessionError', () => undefined)
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const guest = guests.get(stream.session as ServerHttp2Session)
    guest?.began()
    // The first stream that comes in a drain is served, and is the last.
    if (closing || desk.closing()) guest?.leave()
    const call = new Call(around, stream, ended => {
      calls.delete(ended)
      guest?.ended()
    })
    calls.add(call)
    call.start(headers)
  })

  function look(): void {
    const nowMs = performance.now()
    const draining = desk.closing()
    sessions.sweep(nowMs)
    desk.unread.look(nowMs)
    for (const call of calls) call.look(nowMs)
    for (const guest of guests.values()) guest.look(nowMs, draining)
  }
  const every = Math.min(bounds.idleTimeoutMs, bounds.bodyTimeoutMs, bounds.quietTimeoutMs) / 4
  const timer = setInterval(look, Math.min(LOOK_MS, Math.max(10, every)))
  timer.unref()

  return {
    accept(socket) {
      if (socket.destroyed) return
      server.once('session', session => {
        guests.set(session, new Guest(session, socket, bounds))
        session.setLocalWindowSize(SESSION_WINDOW)
        session.once('close', () => guests.delete(session))
      })
      server.emit('connection', socket)
    },
    closeResting() {
      closing = true
      const nowMs = performance.now()
      for (const guest of guests.values()) guest.look(nowMs, true)
    },
    destroy() {
      for (const guest of guests.values()) guest.destroy()
    },
    look,
    open: () => ({ guests: guests.size, sessions: sessions.size, calls: calls.size }),
    close() {
      clearInterval(timer)
      sessions.close()
    },
  }
}

/** nghttp2's own bounds on CONTINUATION frames (8 a head) and on answers that a client does not read are in force besides. */
function serverOptions(bounds: H2Bounds) {
  return {
    settings: {
      maxConcurrentStreams: bounds.streams,
      maxHeaderListSize: bounds.headBytes,
      initialWindowSize: STREAM_WINDOW,
    },
    maxHeaderListPairs: bounds.headers + PSEUDO,
    streamResetBurst: bounds.resetBurst,
    streamResetRate: bounds.resetRate,
    maxSessionInvalidFrames: bounds.invalidFrames,
    maxSessionRejectedStreams: bounds.refusedStreams,
    maxSessionMemory: bounds.sessionMemory,
  }
}
