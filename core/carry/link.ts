import { readAnswer, type AnswerHead } from '../http/answer.ts'
import { Chunked } from '../http/chunked.ts'
import { HeadLines, type Bounds } from '../http/lines.ts'
import type { Conn } from './conn.ts'
import type { Time } from './time.ts'
import { latin1 } from './wire.ts'

/** One connection to the model. It carries one request at a time, and knows where the answer ends. */
export interface User {
  /** What it was told may still be on its way to the client. */
  readonly holds: boolean
  /** It is a HEAD that was asked. */
  readonly toHead: boolean
  /** The model was sent all of the request. */
  readonly allSent: boolean
  connected(): void
  /** `lines`: its headers, for as long as this call takes. */
  answered(head: AnswerHead, lines: HeadLines): void
  interim(head: AnswerHead): void
  data(bytes: Buffer, from: number, to: number): void
  /** What was read at once has been told, and the answer goes on. */
  read(): void
  /** The answer is whole: when, ms. The link is no longer the user's. */
  whole(nowMs: number): void
  /** No answer, or no more of it. The link is gone. */
  failed(error: Error): void
  /** The model takes more of the body. */
  drained(): void
}

/** Makes the connection whose bytes the link is told. */
export type Dial = (link: Pick<Link, 'read' | 'lent'>) => Conn

const CLOSED = new Error('the connection closed without an answer')
const CUT_OFF = new Error('the answer is cut off')
const CHATTER = new Error('too many answers before the answer')
/**
 * A connect that stands in no such time, ms, is begun anew, each time with twice as long: a listener whose queue is full
 * drops what comes, and the system itself asks again after a second only (RFC 6298 2).
 */
const CONNECT_MS = 250
/** 1xx that one answer may have before it. */
const MOST_INTERIM = 16

/** Told once it carries a request no longer: when, ms. */
type Over = (link: Link, reusable: boolean, nowMs: number) => void

export class Link {
  /** Another one where a connect is begun anew. */
  socket: Conn
  connected = false
  /** Something came for the request under way. */
  heard = false
  /** The bytes that came last are still in use: the next may not be read over them. */
  lent = false
  /** When it began to rest, ms. */
  idleMs = 0
  private user: User | null = null
  private readonly lines: HeadLines
  private readonly dial: Dial
  private readonly over: Over
  private readonly time: Time
  private forget: (() => void) | null = null
  private head: AnswerHead | null = null
  private left = 0
  private chunked: Chunked | null = null
  private interims = 0
  private cause: Error | null = null

  constructor(dial: Dial, bounds: Bounds, time: Time, over: Over) {
    this.dial = dial
    this.lines = new HeadLines(bounds)
    this.time = time
    this.over = over
    this.socket = this.begin(CONNECT_MS)
  }

  private begin(withinMs: number): Conn {
    const socket = this.dial(this)
    socket.on('connect', () => this.onConnect())
    socket.on('end', () => this.onEnd())
    socket.on('error', (error: Error) => (this.cause = error))
    socket.on('close', () => this.fail(this.cause ?? (this.head === null ? CLOSED : CUT_OFF)))
    socket.on('drain', () => this.user?.drained())
    // A stream of a lane.
    if (!socket.connecting) this.connected = true
    else
      this.forget = this.time.after(withinMs, () => {
        this.socket.removeAllListeners()
        this.socket.destroy()
        this.socket = this.begin(2 * withinMs)
        if (this.connected) this.user?.connected()
      })
    return socket
  }

  private stopTimer(): void {
    this.forget?.()
    this.forget = null
  }

  /** Takes it for a request. `connected` is told when it stands, or has been told already. */
  use(user: User): void {
    this.user = user
    this.head = null
    this.chunked = null
    this.heard = false
    this.interims = 0
    this.lines.begin(false)
    if (this.connected) user.connected()
  }

  /** Gives up on it, and on what was asked; nothing more is told. */
  abort(): void {
    this.user = null
    this.stopTimer()
    this.over(this, false, this.time.now())
    this.socket.destroy()
  }

  private onConnect(): void {
    this.connected = true
    this.stopTimer()
    this.user?.connected()
  }

  /** Bytes of the model. They are good until this returns, or until `lent` is false again. */
  read(chunk: Buffer): void {
    const { user } = this
    // Nobody asked: it is not what the next request waits for.
    if (user === null) return this.abort()
    this.take(chunk, user)
    this.lent = user.holds
  }

  private take(chunk: Buffer, user: User): void {
    this.heard = true
    let at = 0
    let whole = false
    while (!whole && at < chunk.length && this.user === user) {
      at = this.head === null ? this.readHead(chunk, at, user) : this.readBody(chunk, at, user)
      whole = this.head !== null && this.isWhole(this.head)
    }
    if (this.user !== user) return
    if (whole) this.end(at === chunk.length)
    else user.read()
  }

  private readHead(chunk: Buffer, at: number, user: User): number {
    const scanned = this.lines.push(chunk, at)
    if (scanned === 'more') return chunk.length
    if (scanned !== 'done') return this.refuse(scanned.why, at)
    const head = readAnswer(this.lines, latin1, user.toHead)
    if (!('kept' in head)) return this.refuse(head.why, at)
    const { next } = this.lines
    if (head.status >= 200) {
      this.head = head
      this.left = head.body.kind === 'length' ? head.body.bytes : 0
      if (head.body.kind === 'chunked') this.chunked = new Chunked()
      user.answered(head, this.lines)
      return next
    }
    if (++this.interims > MOST_INTERIM) return this.refuse(CHATTER.message, at)
    user.interim(head)
    this.lines.begin(false)
    return next
  }

  private readBody(chunk: Buffer, at: number, user: User): number {
    if (this.chunked !== null) return this.readChunks(this.chunked, chunk, at, user)
    if (this.head?.body.kind === 'close') {
      user.data(chunk, at, chunk.length)
      return chunk.length
    }
    const to = Math.min(chunk.length, at + this.left)
    this.left -= to - at
    if (to > at) user.data(chunk, at, to)
    return to
  }

  private readChunks(chunked: Chunked, chunk: Buffer, at: number, user: User): number {
    const next = chunked.push(chunk, at)
    if (typeof next !== 'number') return this.refuse(next.why, at)
    const { ranges } = chunked
    for (let i = 0; i < ranges.length; i += 2) user.data(chunk, ranges[i] ?? 0, ranges[i + 1] ?? 0)
    return next
  }

  private isWhole({ body }: AnswerHead): boolean {
    if (body.kind === 'chunked') return this.chunked?.done === true
    return body.kind !== 'close' && this.left === 0
  }

  /** `clean`: nothing lies behind the answer. */
  private end(clean: boolean): void {
    const { user } = this
    const known = this.head?.reusable === true && user?.allSent === true
    const reusable = clean && known && !this.socket.destroyed
    const nowMs = this.time.now()
    this.user = null
    this.over(this, reusable, nowMs)
    if (!reusable) this.socket.destroy()
    // It may rest for others while this one's client is slow.
    else if (this.socket.isPaused()) this.socket.resume()
    user?.whole(nowMs)
  }

  private onEnd(): void {
    if (this.user === null) this.abort()
    else if (this.head?.body.kind === 'close') this.end(false)
    else this.fail(this.head === null ? CLOSED : CUT_OFF)
  }

  private refuse(why: string, at: number): number {
    this.fail(new Error(why))
    return at
  }

  private fail(error: Error): void {
    const { user } = this
    this.user = null
    this.stopTimer()
    this.over(this, false, this.time.now())
    this.socket.destroy()
    user?.failed(error)
  }
}
