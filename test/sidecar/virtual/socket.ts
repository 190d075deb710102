import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

/** A socket without a network: what Node's does, as far as the fast carrier uses it, one step at a time. */
export class VirtualSocket extends EventEmitter {
  destroyed = false
  writableNeedDrain = false
  /** Of what it wrote: not taken by the other side yet. */
  writableLength = 0
  /** What our side wrote. */
  wrote = ''
  /** Our side said that nothing more comes. */
  ended = false
  closed = false
  connecting: boolean
  private readonly halfOpen: boolean
  /** What is told of what comes, where that is not the event. */
  private readonly told: ((bytes: Buffer) => void) | null
  private paused = false
  private waiting: string[] = []
  private peerEnded = false
  private toldEnd = false
  private failure: Error | null = null
  private full = false

  constructor(connecting: boolean, halfOpen: boolean, told?: (bytes: Buffer) => void) {
    super()
    this.told = told ?? null
    this.connecting = connecting
    this.halfOpen = halfOpen
  }

  get bytesWritten(): number {
    return this.wrote.length
  }

  get socket(): Socket {
    return this as unknown as Socket
  }

  // What the carrier calls.

  write(data: string | Buffer, _encoding?: string): boolean {
    if (this.destroyed || this.ended) return false
    this.wrote += typeof data === 'string' ? data : data.toString('latin1')
    this.writableNeedDrain = this.full
    if (this.full) this.writableLength += data.length
    return !this.full
  }

  end(data?: string, _encoding?: string): this {
    if (data !== undefined) this.write(data)
    this.ended = true
    return this
  }

  destroy(): this {
    this.destroyed = true
    return this
  }

  pause(): this {
    this.paused = true
    return this
  }

  resume(): this {
    this.paused = false
    return this
  }

  isPaused(): boolean {
    return this.paused
  }

  cork(): void {}
  uncork(): void {}

  // What the other side does.

  connect(): void {
    this.connecting = false
    if (!this.destroyed) this.emit('connect')
  }

  refuse(): void {
    this.fail(new Error('ECONNREFUSED'))
  }

  say(data: string): void {
    if (data !== '') this.waiting.push(data)
  }

  hangUp(): void {
    this.peerEnded = true
  }

  fail(error: Error): void {
    this.failure ??= error
  }

  /** The other side reads no more, or again. */
  clog(full: boolean): void {
    this.full = full
    if (full || !this.writableNeedDrain) return
    this.writableNeedDrain = false
    this.writableLength = 0
    if (!this.destroyed) this.emit('drain')
  }

  /** What the event loop would do next; false: there is nothing. */
  turn(): boolean {
    if (this.closed) return false
    if (this.failure !== null || this.destroyed) return this.close()
    if (this.connecting || this.paused) return false
    const data = this.waiting.shift()
    if (data !== undefined) {
      const bytes = Buffer.from(data, 'latin1')
      if (this.told === null) this.emit('data', bytes)
      else this.told(bytes)
      // The buffer is used again.
      if (this.told !== null) bytes.fill(0)
      return true
    }
    if (this.peerEnded && !this.toldEnd) {
      this.toldEnd = true
      this.emit('end')
      if (!this.halfOpen) this.ended = true
      return true
    }
    return this.toldEnd && this.ended ? this.close() : false
  }

  private close(): boolean {
    const failed = this.failure !== null && !this.destroyed
    this.destroyed = true
    this.closed = true
    if (failed) this.emit('error', this.failure)
    this.emit('close')
    return true
  }
}
