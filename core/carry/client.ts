import type { AnswerHead } from '../http/answer.ts'
import type { Refusal } from '../http/head.ts'
import { HeadLines } from '../http/lines.ts'
import { HTTP2, readRequest, type RequestHead } from '../http/request.ts'
import type { Asked, Asker } from './asker.ts'
import type { Conn } from './conn.ts'
import type { Around, Handed } from './front.ts'
import { Share } from './kept.ts'
import type { Reader } from './reading.ts'
import { refused, spent, tooSlow, type Said } from './said.ts'
import { Upload } from './upload.ts'
import { answerText, interimText, latin1, Outgoing, saidText } from './wire.ts'

/** One for all: it has nothing to keep. */
const NO_BODY = new Upload({ kind: 'none' })

/**
 * One connection of a client. Requests are read and answered one after the other: what comes before its turn
 * is kept up to a bound, then no longer read.
 */
export class Client implements Asker, Reader {
  readonly socket: Conn
  /** When it began to rest or last sent something, ms. */
  sinceMs: number
  private readonly around: Around
  private readonly lines: HeadLines
  private readonly outgoing = new Outgoing()
  private exchange: Asked | null = null
  private upload: Upload | null = null
  private head: RequestHead | null = null
  /** The answer under way is sent in chunks. */
  private chunked = false
  /** An answer has begun, or is whole. */
  private begun = false
  /** The connection ends with the answer under way. */
  private last = false
  private ended = false
  /** It is no longer ours. */
  handed = false
  /** Came before its turn. */
  private stash: Buffer | null = null
  private eating = false
  private readonly share: Share
  private headMs = 0
  private readonly listeners: readonly [string, () => void][] = [
    ['drain', () => this.onDrain()],
    // A client that sends no more is gone: half of a connection can't be told from none.
    ['end', () => this.onEnd()],
    ['error', () => this.socket.destroy()],
    ['close', () => this.onClose()],
  ]

  constructor(accepted: Conn, around: Around) {
    this.around = around
    this.share = new Share(around.options.kept)
    this.lines = new HeadLines(around.options.bounds)
    this.lines.begin(true)
    this.sinceMs = around.now()
    const socket = around.options.reading(accepted, this)
    this.socket = socket
    for (const [event, listener] of this.listeners) socket.on(event, listener)
  }

  /** Nothing is under way on it. */
  get resting(): boolean {
    return this.exchange === null && this.upload === null
  }

  get holds(): boolean {
    return this.socket.writableLength > 0
  }

  /** Bytes of the client. They are good until this returns. */
  read(chunk: Buffer): void {
    if (this.ended) return
    this.sinceMs = this.around.now()
    const { stash } = this
    this.stash = null
    if (stash === null) this.eat(chunk, false, this.sinceMs)
    else this.eat(Buffer.concat([stash, chunk]), true, this.sinceMs)
  }

  /** Reads on as far as it is the turn of what comes. `ours`: the rest may be kept as it is. */
  private eat(chunk: Buffer, ours: boolean, nowMs: number): void {
    let at = 0
    this.eating = true
    while (at < chunk.length && !this.ended) {
      const next = this.taken(chunk, at, nowMs)
      if (next < 0) break
      at = next
    }
    this.eating = false
    if (this.ended) return
    if (at < chunk.length) {
      const rest = chunk.subarray(at)
      this.stash = ours ? rest : Buffer.from(rest)
    }
    if (!this.share.hold((this.stash?.length ?? 0) + this.lines.kept)) return this.shed()
    if (this.mustWait()) this.socket.pause()
  }

  /** Nothing more is read: the model is behind, or as much has come before its turn as may. */
  private mustWait(): boolean {
    const kept = this.stash?.length ?? 0
    return kept >= this.around.options.pipelineBytes || this.upload?.behind === true
  }

  /** Where the rest begins; -1: it has to wait. */
  private taken(chunk: Buffer, at: number, nowMs: number): number {
    const { upload } = this
    if (upload === null) {
      const free = this.exchange === null && !this.socket.writableNeedDrain
      return free ? this.readHead(chunk, at, nowMs) : -1
    }
    if (!upload.open || upload.behind) return -1
    const next = upload.push(chunk, at)
    if (typeof next !== 'number') return (this.refuse(refused(next)), -1)
    if (upload.done) this.upload = null
    return next
  }

  private readHead(chunk: Buffer, at: number, nowMs: number): number {
    const { options } = this.around
    if (!this.lines.begun) this.headMs = nowMs
    const scanned = this.lines.push(chunk, at)
    if (scanned === 'more') return chunk.length
    const head = scanned === 'done' ? readRequest(this.lines, latin1) : scanned
    if (head === 'compat') return this.handOver(chunk, 'compat')
    if ('why' in head) return this.refuseHead(head, chunk)
    const { next } = this.lines
    this.lines.begin(true)
    this.begun = false
    this.head = head
    this.last = head.close
    const upload = head.body.kind === 'none' ? NO_BODY : new Upload(head.body)
    if (!upload.done) this.upload = upload
    const arrivedUs = Math.round(nowMs * 1000)
    this.exchange = options.ask(head, upload, this, arrivedUs)
    this.exchange.start()
    return next
  }

  private handOver(chunk: Buffer, to: Handed): number {
    const { bytes, startLine, end, next } = this.lines
    const whole = Buffer.concat([bytes.subarray(startLine, end), chunk.subarray(next)])
    this.ended = true
    this.handed = true
    this.share.hold(0)
    for (const [event, listener] of this.listeners) this.socket.removeListener(event, listener)
    this.around.handOver(this, whole, to)
    return -1
  }

  /** There is no room for more of what it sends. */
  private shed(): void {
    this.stash = null
    this.lines.begin(true)
    this.share.hold(0)
    if (this.exchange === null) this.begun = false
    this.refuse(spent())
  }

  private refuseHead(refusal: Refusal, chunk: Buffer): number {
    // Only a connection's very first bytes are a preface.
    const first = this.head === null && this.lines.startLine === 0
    if (refusal === HTTP2 && first) return this.handOver(chunk, 'h2')
    return (this.refuseNext(refused(refusal)), -1)
  }

  /** In place of a request, when all before it is answered. */
  private refuseNext(said: Said): void {
    this.begun = false
    this.head = null
    this.refuse(said)
  }

  /** Answers what can't be read on, if there is no answer yet, and closes. */
  private refuse(said: Said): void {
    const { exchange, begun } = this
    this.exchange = null
    exchange?.leave()
    if (begun) return this.cut()
    this.ended = true
    this.socket.end(saidText(said, this.head?.method === 'HEAD', ''), 'latin1')
    // What still comes is read and dropped: it would reset the connection before the answer is read.
    this.socket.resume()
  }

  // The answer, as the exchange gives it.

  goOn(): void {
    this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  interim(head: AnswerHead): void {
    this.outgoing.text(interimText(head))
  }

  begin(head: AnswerHead, own: readonly string[]): void {
    const { options } = this.around
    if (options.closing()) this.last = true
    this.begun = true
    this.chunked = head.body.kind === 'chunked' || head.body.kind === 'close'
    this.outgoing.text(answerText(head, own, this.last, options.keepAlive))
  }

  data(bytes: Buffer, from: number, to: number): void {
    if (this.chunked) this.outgoing.text(`${(to - from).toString(16)}\r\n`)
    this.outgoing.data(bytes, from, to, this.holds)
    if (this.chunked) this.outgoing.text('\r\n')
  }

  flush(): boolean {
    if (!this.outgoing.empty) this.outgoing.flush(this.socket)
    const { writableLength } = this.socket
    if (writableLength > 0) this.around.options.unread.left(writableLength, this.around.now)
    return !this.socket.writableNeedDrain
  }

  end(): void {
    if (this.chunked) this.outgoing.text('0\r\n\r\n')
    this.flush()
  }

  done(nowMs: number): void {
    this.exchange = null
    this.sinceMs = nowMs
    if (this.last) return this.finish()
    this.readOn(nowMs)
  }

  say(said: Said): void {
    const { options } = this.around
    if (options.closing()) this.last = true
    const headers = this.last ? { ...said.headers, connection: 'close' } : said.headers
    if (said.headers['connection'] === 'close') this.last = true
    this.begun = true
    const text = saidText({ ...said, headers }, this.head?.method === 'HEAD', options.keepAlive)
    this.socket.write(text)
    this.done(this.around.now())
  }

  cut(): void {
    this.ended = true
    this.socket.destroy()
  }

  private finish(): void {
    this.ended = true
    this.upload?.drop()
    this.socket.end()
    this.socket.resume()
  }

  /** What came before its turn, and what is yet to come. */
  readOn(nowMs?: number): void {
    if (this.eating) return
    const { stash } = this
    this.stash = null
    if (stash !== null) this.eat(stash, true, nowMs ?? this.around.now())
    if (!this.ended && !this.mustWait() && this.socket.isPaused()) this.socket.resume()
  }

  private onDrain(): void {
    if (this.ended) return
    if (this.exchange === null) this.readOn()
    else this.exchange.clientDrained()
  }

  private onEnd(): void {
    if (this.exchange !== null) this.cut()
    else this.finish()
  }

  private onClose(): void {
    this.ended = true
    this.share.hold(0)
    const { exchange } = this
    this.exchange = null
    exchange?.leave()
    this.around.gone(this)
  }

  /** Looked at now and then: who keeps us waiting loses its place. */
  look(nowMs: number): void {
    const { headTimeoutMs, idleTimeoutMs, bodyTimeoutMs } = this.around.options
    const quiet = nowMs - this.sinceMs
    if (this.ended) {
      // Its answer was given; it has no right to linger.
      if (quiet > bodyTimeoutMs) this.socket.destroy()
    } else if (this.upload !== null) {
      // Not read for now: it waits for a slot, or for a model that reads slowly.
      const owes = this.upload.open && !this.socket.isPaused()
      if (owes && quiet > bodyTimeoutMs) this.refuse(tooSlow('body'))
    } else if (this.exchange !== null) return
    else if (this.lines.begun) {
      if (nowMs - this.headMs > headTimeoutMs) this.refuseNext(tooSlow('head'))
    } else if (quiet > idleTimeoutMs) this.socket.destroy()
  }
}
