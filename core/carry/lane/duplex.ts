import { Duplex } from 'node:stream'
import type { Conn } from '../conn.ts'

/** For node:http, which wants a stream of Node's: a socket is one, a stream of a lane is made one. */
export function duplexOf(conn: Conn): Duplex {
  return conn instanceof Duplex ? conn : new LaneDuplex(conn)
}

class LaneDuplex extends Duplex {
  /** As a socket counts them. */
  bytesRead = 0
  private readonly conn: Conn

  constructor(conn: Conn) {
    super({ allowHalfOpen: true })
    this.conn = conn
    conn.on('data', (bytes: Buffer) => {
      this.bytesRead += bytes.length
      if (!this.push(Buffer.from(bytes))) conn.pause()
    })
    conn.on('end', () => this.push(null))
    conn.on('close', () => this.destroy())
  }

  /** As a socket has it, and as node:http and what times it use it. */
  destroySoon(): void {
    this.end(() => this.destroy())
  }

  override _read(): void {
    this.conn.resume()
  }

  override _write(part: Buffer, _encoding: string, done: () => void): void {
    if (this.conn.write(part)) done()
    else this.conn.once('drain', done)
  }

  override _final(done: () => void): void {
    this.conn.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.conn.destroy()
    done(error)
  }
}
