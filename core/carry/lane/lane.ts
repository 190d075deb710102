import type { Conn } from '../conn.ts'
import { latin1 } from '../wire.ts'
import { Frames, headText, idText, KIND, LAST_STREAM, type FrameUser } from './frame.ts'
import { LaneStream, type Carriage } from './stream.ts'

const NO_STREAM = idText(0)
/** Bytes up to which a copy costs less than a write of its own. */
const SMALL = 16 * 1024

export interface LaneOptions {
  /** Told of each stream that the other side opens; null: it may open none. */
  accept: ((stream: LaneStream) => void) | null
  /** Streams that may be open at once. */
  most: number
  /** When all that has come at once was worked on. */
  later(then: () => void): void
}

/**
 * Many connections over one. What is written on all of them in one turn of the event loop goes in one write and is read
 * in one: writes and reads of the system are most of what a hop costs. Each stream is a connection in every other respect.
 */
export class Lane implements Carriage, FrameUser {
  /** Bytes that came last are still in use: the next may not be read over them. */
  lent = false
  private readonly socket: Conn
  private readonly options: LaneOptions
  private readonly streams = new Map<number, LaneStream>()
  private readonly frames = new Frames()
  /** Whose bytes come; null: nobody's any more. */
  private target: LaneStream | null = null
  private lastId = 0
  /** Frames that are not written yet. */
  private text = ''
  /** Bytes that the connection was given. */
  private written = 0
  private due = false
  private came = false
  private last = false
  private over = false

  constructor(socket: Conn, options: LaneOptions) {
    this.socket = socket
    this.options = options
    const fail = (): void => this.fail()
    socket.on('drain', () => this.onDrain())
    socket.on('end', fail).on('error', fail).on('close', fail)
  }

  get size(): number {
    return this.streams.size
  }

  /** No more streams can be opened on it. */
  get spent(): boolean {
    const { over, last, lastId, size } = this
    return over || last || lastId >= LAST_STREAM || size >= this.options.most
  }

  get jammed(): boolean {
    return this.socket.writableNeedDrain
  }

  get mark(): number {
    return this.written + this.text.length
  }

  holds(mark: number): number {
    const { writableLength } = this.socket
    return Math.min(writableLength, Math.max(0, mark - this.written + writableLength))
  }

  /** To be written on at once: numbers come in the order in which streams write first. */
  open(): LaneStream {
    return this.add(++this.lastId)
  }

  private add(id: number): LaneStream {
    const stream = new LaneStream(id, this, this.options.accept === null)
    this.streams.set(id, stream)
    return stream
  }

  /** Bytes of the connection, good until this returns, or until `lent` is false again. */
  read(chunk: Buffer): void {
    this.came = true
    this.lent = false
    if (!this.over) this.frames.read(chunk, this)
  }

  frame(kind: number, length: number, id: number): void {
    if (this.over) return
    if (kind === KIND.data) this.target = this.streams.get(id) ?? this.opened(id)
    else if (kind === KIND.ping) this.answer()
    else if (kind > KIND.pong) this.fail()
    else if (kind !== KIND.pong) this.streams.get(id)?.told(kind, length)
  }

  /** Who asks and does not read has an answer in what waits for him. */
  private answer(): void {
    if (!this.jammed) this.say(headText(KIND.pong, 0, NO_STREAM))
  }

  payload(bytes: Buffer): void {
    if (!this.over) this.target?.take(bytes)
  }

  /** A stream that the other side opens; null: we have closed it, and it did not know yet. */
  private opened(id: number): LaneStream | null {
    const { accept, most } = this.options
    if (id <= this.lastId) return null
    if (accept === null) return (this.fail(), null)
    this.lastId = id
    if (this.streams.size >= most) return (this.says(KIND.close, idText(id), 0), null)
    const stream = this.add(id)
    accept(stream)
    return stream
  }

  data(id: string, part: string | Uint8Array): void {
    const head = headText(KIND.data, part.length, id)
    if (typeof part === 'string') return this.say(head + part)
    if (part.length <= SMALL) return this.say(head + latin1(part, 0, part.length))
    // At once: its owner may read over it as soon as nothing of it is left here.
    this.socket.cork()
    this.text += head
    this.flush()
    this.written += part.length
    this.socket.write(part)
    this.socket.uncork()
  }

  says(kind: number, id: string, length: number): void {
    this.say(headText(kind, length, id))
  }

  forget(id: number): void {
    this.streams.delete(id)
    if (this.last) this.endWhenIdle()
  }

  /** Whether something came since this was asked last. */
  heard(): boolean {
    const { came } = this
    this.came = false
    return came
  }

  /** The other side is to show that it is there. */
  ask(): void {
    this.say(headText(KIND.ping, 0, NO_STREAM))
  }

  /** No more streams, and the end with the last one. */
  endWhenIdle(): void {
    this.last = true
    if (this.over || this.streams.size > 0) return
    this.flush()
    this.over = true
    this.socket.end()
  }

  /** With all its streams. */
  fail(): void {
    this.socket.destroy()
    if (this.over) return
    this.over = true
    for (const stream of this.streams.values()) stream.gone()
  }

  private say(text: string): void {
    if (this.over) return
    this.text += text
    if (this.due) return
    this.due = true
    this.options.later(() => {
      this.due = false
      this.flush()
    })
  }

  private flush(): void {
    const { text } = this
    this.text = ''
    if (text === '' || this.over) return
    this.written += text.length
    this.socket.write(text, 'latin1')
  }

  private onDrain(): void {
    for (const stream of this.streams.values()) stream.eased()
  }
}
