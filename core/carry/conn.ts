import type { EventEmitter } from 'node:events'

/** What is used of a connection: a socket of Node's, or a stream of a lane. Events are those of a socket. */
export interface Conn extends EventEmitter {
  readonly destroyed: boolean
  readonly connecting: boolean
  readonly bytesWritten: number
  /** Bytes that were written and are not sent yet. */
  readonly writableLength: number
  /** A write was given back false, and `drain` has not come. */
  readonly writableNeedDrain: boolean
  write(part: string | Uint8Array, encoding?: BufferEncoding): boolean
  end(): unknown
  end(text: string, encoding: BufferEncoding): unknown
  destroy(): unknown
  pause(): unknown
  resume(): unknown
  isPaused(): boolean
  cork(): void
  uncork(): void
}
