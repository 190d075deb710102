import { connect } from 'node:net'
import type { Bounds } from '../http/lines.ts'
import type { Address } from '../runtime/environment.ts'
import { Link, type Dial } from './link.ts'
import type { Time } from './time.ts'

/**
 * Kept connections to the model. As many are under way as requests are in flight, which the limit bounds; so
 * many rest, each for a time that is shorter than servers wait (gunicorn closes after 2 s).
 */
const IDLE_MS = 1500
const MOST_IDLE = 256

export class Pool {
  private readonly dial: Dial
  private readonly bounds: Bounds
  private readonly time: Time
  private readonly idle: Link[] = []
  /** All that are open, resting or not. */
  private readonly links = new Set<Link>()
  /** Those that are not kept when their request is over. */
  private readonly old = new WeakSet<Link>()
  private closed = false

  constructor(dial: Dial, bounds: Bounds, time: Time) {
    this.dial = dial
    this.bounds = bounds
    this.time = time
  }

  get size(): number {
    return this.links.size
  }

  /** One that rested, the youngest first. */
  take(nowMs: number): Link | null {
    this.sweep(nowMs)
    let link = this.idle.pop()
    // It is closed, and that is not told yet: what came with it may be what asks for a connection.
    while (link?.socket.destroyed === true) link = this.idle.pop()
    return link ?? null
  }

  open(): Link {
    const link = new Link(this.dial, this.bounds, this.time, this.over)
    this.links.add(link)
    return link
  }

  openAfter(ms: number, then: (link: Link) => void): () => void {
    return this.time.after(ms, () => then(this.open()))
  }

  /** Closes those that rested long enough. */
  sweep(nowMs: number): void {
    const long = nowMs - IDLE_MS
    while ((this.idle[0]?.idleMs ?? Infinity) <= long) this.idle.shift()?.abort()
  }

  /** Connections are made otherwise from now on: those that there are carry nothing new. */
  renew(): void {
    for (const link of this.idle.splice(0)) link.abort()
    for (const link of this.links) this.old.add(link)
  }

  close(): void {
    this.closed = true
    for (const link of this.idle.splice(0)) link.abort()
  }

  private readonly over = (link: Link, reusable: boolean, nowMs: number): void => {
    const keep = !this.closed && !this.old.has(link)
    if (reusable && keep && this.idle.length < MOST_IDLE) {
      link.idleMs = nowMs
      this.idle.push(link)
      return
    }
    this.links.delete(link)
    const at = this.idle.indexOf(link)
    if (at >= 0) this.idle.splice(at, 1)
    if (reusable) link.socket.destroy()
  }
}

/** Bytes that are read at once. */
const READ_BYTES = 64 * 1024

/** Each connection is read into a buffer of its own: a new one for each read is what costs most of all. */
export function dialer(app: Address): Dial {
  return link => {
    let buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    return connect({
      host: app.host,
      port: app.port,
      noDelay: true,
      onread: {
        buffer() {
          if (link.lent) buffer = Buffer.allocUnsafeSlow(READ_BYTES)
          return buffer
        },
        callback(size, bytes) {
          link.read((bytes as Buffer).subarray(0, size))
          return true
        },
      },
    })
  }
}
