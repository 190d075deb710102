import type { Bounds } from '../http/lines.ts'
import type { Ask } from './asker.ts'
import { Client } from './client.ts'
import type { Conn } from './conn.ts'
import type { Kept } from './kept.ts'
import type { Reading } from './reading.ts'
import { realTime, type Time } from './time.ts'
import type { Unread } from './unread.ts'

/** HTTP/1.1 on sockets, the side of the clients: their connections, and bounds on what they may send or withhold. */
export interface FrontOptions {
  ask: Ask
  reading: Reading
  bounds: Bounds
  headTimeoutMs: number
  idleTimeoutMs: number
  bodyTimeoutMs: number
  /** Bytes that a client may send before their turn. */
  pipelineBytes: number
  /** Bytes that all clients together make us keep. */
  kept: Kept
  /** Bytes of answers that clients leave unread. */
  unread: Unread
  /** The lines that say so to a client whose connection is kept. */
  keepAlive: string
  /** We are about to go: each answer ends its connection. */
  closing(): boolean
  /** Done whenever clients are looked at. */
  look(nowMs: number): void
  /** Takes a connection with what it has to say first. */
  handOver(socket: Conn, bytes: Buffer, to: Handed): void
}

/** What surrounds all clients. */
export interface Around {
  options: FrontOptions
  /** ms, monotonic. */
  now(): number
  /** Gives the connection to node:http, or to HTTP/2, which read these bytes first. */
  handOver(client: Client, bytes: Buffer, to: Handed): void
  gone(client: Client): void
}

/** Who carries what is not carried here: node:http, or HTTP/2. */
export type Handed = 'compat' | 'h2'

export interface Front {
  accept(socket: Conn): void
  /** Closes connections that rested for so long. */
  closeResting(restMs: number): void
  destroy(): void
  /** Who keeps us waiting loses its place: done by itself now and then. */
  look(): void
  /** Connections of clients, and the bytes that they make us keep. */
  open(): { clients: number; kept: number }
  close(): void
}

/** With no connection of a client for so long there is nothing to look at: what rests behind them is gone sooner. */
const CALM_MS = 5000

export function front(options: FrontOptions, { now }: Pick<Time, 'now'> = realTime): Front {
  const clients = new Set<Client>()
  const around: Around = {
    options,
    now,
    gone: client => clients.delete(client),
    handOver(client, bytes, to) {
      clients.delete(client)
      options.handOver(client.socket, bytes, to)
    },
  }
  const { headTimeoutMs, idleTimeoutMs, bodyTimeoutMs } = options
  const every = Math.min(headTimeoutMs, idleTimeoutMs, bodyTimeoutMs) / 4
  const look = (): void => {
    const nowMs = now()
    options.look(nowMs)
    options.unread.look(nowMs)
    for (const client of clients) client.look(nowMs)
  }
  let timer: NodeJS.Timeout | null = null
  let busyMs = 0
  const stop = (): void => {
    if (timer !== null) clearInterval(timer)
    timer = null
  }
  // Who serves nobody need not wake up for that.
  const tick = (): void => {
    look()
    if (!options.unread.empty) busyMs = now()
    else if (now() - busyMs >= CALM_MS) stop()
  }
  return {
    accept(socket) {
      busyMs = now()
      timer ??= setInterval(tick, Math.min(500, Math.max(10, every))).unref()
      const client = new Client(socket, around)
      clients.add(client)
      options.unread.add(client.socket)
    },
    closeResting(restMs) {
      const long = now() - restMs
      for (const { resting, sinceMs, socket } of clients) {
        if (resting && sinceMs <= long) socket.destroy()
      }
    },
    destroy() {
      for (const { socket } of clients) socket.destroy()
    },
    open: () => ({ clients: clients.size, kept: options.kept.bytes }),
    look,
    close: stop,
  }
}
