import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Bounds } from '../../../core/http/lines.ts'
import type { Desk } from '../../desk.ts'
import { Client } from './client.ts'
import { Kept } from './kept.ts'
import type { Dial } from './link.ts'
import { Pool, type Time } from './pool.ts'
import type { Reading } from './reading.ts'

/** The fast carrier: HTTP/1.1 on sockets, from the client's connection to the model's. */
export interface FrontOptions {
  desk: Desk
  reading: Reading
  /** A new connection to the model. */
  dial: Dial
  bounds: Bounds
  headTimeoutMs: number
  idleTimeoutMs: number
  bodyTimeoutMs: number
  /** Bytes that a client may send before their turn. */
  pipelineBytes: number
  /** Bytes that all clients together may make us keep. */
  keptBytes: number
  /** The lines that say so to a client whose connection is kept. */
  keepAlive: string
  /** Takes a connection with what it has to say first. */
  handOver(socket: Socket, bytes: Buffer, to: Handed): void
}

/** What surrounds all clients. */
export interface Around {
  options: FrontOptions
  pool: Pool
  kept: Kept
  /** ms, monotonic. */
  now(): number
  /** Gives the connection to node:http, or to HTTP/2, which read these bytes first. */
  handOver(client: Client, bytes: Buffer, to: Handed): void
  gone(client: Client): void
}

/** Who carries what the fast carrier does not: node:http, or HTTP/2. */
export type Handed = 'compat' | 'h2'

export interface Front {
  accept(socket: Socket): void
  /** Closes connections that rested for so long. */
  closeResting(restMs: number): void
  destroy(): void
  /** Who keeps us waiting loses its place: done by itself now and then. */
  look(): void
  /** Connections of clients and to the model, and the bytes that clients make us keep. */
  open(): { clients: number; links: number; kept: number }
  close(): void
}

const realTime: Time = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}

export function front(options: FrontOptions, time = realTime): Front {
  const { now } = time
  const clients = new Set<Client>()
  const pool = new Pool(options.dial, options.bounds, time)
  const around: Around = {
    options,
    pool,
    kept: new Kept(options.keptBytes),
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
    pool.sweep(nowMs)
    for (const client of clients) client.look(nowMs)
  }
  const timer = setInterval(look, Math.min(500, Math.max(10, every)))
  timer.unref()
  return {
    accept: socket => void clients.add(new Client(socket, around)),
    closeResting(restMs) {
      const long = now() - restMs
      for (const { resting, sinceMs, socket } of clients) {
        if (resting && sinceMs <= long) socket.destroy()
      }
    },
    destroy() {
      for (const { socket } of clients) socket.destroy()
    },
    open: () => ({ clients: clients.size, links: pool.size, kept: around.kept.bytes }),
    look,
    close() {
      clearInterval(timer)
      pool.close()
    },
  }
}
