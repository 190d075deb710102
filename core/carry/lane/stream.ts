import { EventEmitter } from 'node:events'
import type { Conn } from '../conn.ts'
import { idText, KIND } from './frame.ts'

/** Bytes that a stream may send before the other side has taken some of them: who does not read stops his own stream. */
const WINDOW = 128 * 1024

/** What a stream needs of its lane. */
export interface Carriage {
  /** The connection below takes no more for now. */
  readonly jammed: boolean
  /** How many bytes all streams have written. */
  readonly mark: number
  /** Bytes that it holds of what was written before that mark. */
  holds(mark: number): number
  data(id: string, part: string | Uint8Array): void
  says(kind: number, id: string, length: number): void
  forget(id: number): void
  /** The other side does not keep to the rules. */
  fail(): void
}

/** One of the connections that share a lane. It behaves as a socket of which either half may end first. */
export class LaneStream extends EventEmitter implements Conn {
  destroyed = false
  readonly connecting = false
  bytesWritten = 0
  bytesRead = 0
  /** Bytes that came while nobody read. */
  readableLength = 0
  writableNeedDrain = false
  private readonly id: number
  private readonly text: string
  private readonly lane: Carriage
  /** Bytes that it may send. */
  private credit = WINDOW
  /** Written, and without credit so far. */
  private pending: (string | Uint8Array)[] = []
  private pendingBytes = 0
  private lastBytes = 0
  private lastMark = 0
  private ended = false
  private saidEnd = false
  private paused = false
  private stash: Buffer[] = []
  /** Bytes that were taken, and for which the other side has no credit yet. */
  private eaten = 0
  private peerEnded = false
  private toldEnd = false
  private waking = false
  /** Nothing is told any more. */
  private over = false
  private readonly asks: boolean

  /** `asks`: it was opened here, and what comes on it are answers. */
  constructor(id: number, lane: Carriage, asks: boolean) {
    super()
    this.id = id
    this.text = idText(id)
    this.lane = lane
    this.asks = asks
  }

  /** Of what the connection below holds up to its last write, it answers for what it wrote since it had nothing there. */
  get writableLength(): number {
    return this.pendingBytes + Math.min(this.lane.holds(this.lastMark), this.lastBytes)
  }

  /** Text is of one byte a character where its encoding says latin1, else UTF-8. */
  write(part: string | Uint8Array, encoding?: BufferEncoding): boolean {
    if (this.destroyed || this.ended) return false
    const bytes = typeof part === 'string' && encoding !== 'latin1' ? Buffer.from(part) : part
    this.bytesWritten += bytes.length
    if (bytes.length <= WINDOW) this.put(bytes)
    else for (let at = 0; at < bytes.length; at += WINDOW) this.put(bytes.slice(at, at + WINDOW))
    this.writableNeedDrain = this.pendingBytes > 0 || this.lane.jammed
    return !this.writableNeedDrain
  }

  private put(part: string | Uint8Array): void {
    if (this.credit > 0) return this.send(part)
    this.pending.push(part)
    this.pendingBytes += part.length
  }

  private send(part: string | Uint8Array): void {
    this.credit -= part.length
    const held = this.lastBytes > 0 && this.lane.holds(this.lastMark) > 0
    this.lastBytes = (held ? this.lastBytes : 0) + part.length
    this.lane.data(this.text, part)
    this.lastMark = this.lane.mark
  }

  end(text?: string, encoding?: BufferEncoding): void {
    if (text !== undefined) this.write(text, encoding)
    this.ended = true
    this.sayEnd()
  }

  private sayEnd(): void {
    if (!this.ended || this.saidEnd || this.pendingBytes > 0 || this.destroyed) return
    this.saidEnd = true
    this.lane.says(KIND.end, this.text, 0)
    this.maybeOver()
  }

  destroy(): void {
    if (!this.destroyed) this.lane.says(KIND.close, this.text, 0)
    this.leave()
    this.finish()
  }

  /**
   * The other side knows, or is gone as well. What it has answered before is still read, as of any connection; who has
   * asked and left is not waited for.
   */
  gone(): void {
    this.leave()
    if (!this.asks || this.stash.length === 0) this.finish()
  }

  private leave(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.writableNeedDrain = false
    this.pending = []
    this.pendingBytes = 0
    this.lane.forget(this.id)
  }

  private finish(): void {
    if (this.over) return
    this.over = true
    this.stash = []
    this.readableLength = 0
    process.nextTick(() => this.emit('close'))
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.wake()
  }

  isPaused(): boolean {
    return this.paused
  }

  // A lane writes once a turn by itself.
  cork(): void {}
  uncork(): void {}

  // What the lane tells.

  take(bytes: Buffer): void {
    if (this.destroyed) return
    if (this.peerEnded) return this.lane.fail()
    this.bytesRead += bytes.length
    if (!this.paused && this.stash.length === 0) return this.deliver(bytes)
    this.stash.push(Buffer.from(bytes))
    this.readableLength += bytes.length
    // The piece that uses up the window goes whole, and no piece is greater than it.
    if (this.readableLength > 2 * WINDOW) this.lane.fail()
  }

  told(kind: number, length: number): void {
    if (kind === KIND.close) this.gone()
    else if (kind === KIND.credit) this.spend(length)
    else {
      this.peerEnded = true
      this.wake()
    }
  }

  private spend(more: number): void {
    this.credit += more
    while (this.credit > 0 && this.pending.length > 0) {
      const part = this.pending.shift() ?? ''
      this.pendingBytes -= part.length
      this.send(part)
    }
    this.sayEnd()
    this.eased()
  }

  /** There may be room again. */
  eased(): void {
    if (!this.writableNeedDrain || this.pendingBytes > 0 || this.lane.jammed) return
    this.writableNeedDrain = false
    if (!this.destroyed) this.emit('drain')
  }

  private deliver(bytes: Buffer): void {
    this.eaten += bytes.length
    if (this.eaten >= WINDOW / 2) {
      this.lane.says(KIND.credit, this.text, this.eaten)
      this.eaten = 0
    }
    this.emit('data', bytes)
  }

  private wake(): void {
    if (this.waking || (this.stash.length === 0 && !this.peerEnded)) return
    this.waking = true
    process.nextTick(() => {
      this.waking = false
      this.catchUp()
    })
  }

  /** What came while nobody read. */
  private catchUp(): void {
    while (!this.paused && !this.over) {
      const bytes = this.stash.shift()
      if (bytes === undefined) break
      this.readableLength -= bytes.length
      this.deliver(bytes)
    }
    if (this.paused || this.over) return
    if (this.peerEnded && !this.toldEnd) {
      this.toldEnd = true
      this.emit('end')
      this.maybeOver()
    }
    if (this.destroyed) this.finish()
  }

  private maybeOver(): void {
    if (this.saidEnd && this.toldEnd) this.gone()
  }
}
