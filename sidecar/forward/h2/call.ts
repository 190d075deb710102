import { constants, type ClientHttp2Stream } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Ended, Ticket } from '../../admit/admission.ts'
import { refused, tooSlow, type Said } from '../../../core/carry/said.ts'
import type { H2Bounds } from '../../bounds.ts'
import { kindOf, patience, repeatable, RETRY_MS, unserved } from '../../desk.ts'
import type { Desk } from '../../desk.ts'
import type { Trail } from '../../spans.ts'
import { brokenOff, cancel, Download, trailersOf, Upload, type Trailers } from './bodies.ts'
import { kindOfCall, timeoutText, timerOf } from './grpc.ts'
import { cleaned, isEmpty, isEventStream, isGrpc, isStatus } from './head.ts'
import { nothing, readH2Head, type AnswerHead, type H2Head } from './head.ts'
import * as said from './said.ts'
import { Quiet } from './quiet.ts'
import type { Asked, Sessions } from './sessions.ts'

export interface CallAround {
  desk: Desk
  sessions: Sessions
  bounds: Pick<H2Bounds, 'bodyTimeoutMs' | 'quietTimeoutMs'>
}

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants
const END_STREAM = constants.NGHTTP2_FLAG_END_STREAM
const MOST_INTERIM = 16

/** One stream, top to bottom: the steps of docs/request.md, in their order. */
export class Call {
  private readonly around: CallAround
  private readonly desk: Desk
  private readonly stream: ServerHttp2Stream
  private readonly arrivedUs: number
  private head: H2Head | null = null
  private ticket: Ticket | null = null
  private trail: Trail | null = null
  private asked: ClientHttp2Stream | null = null
  private behind: Trailers | null = null
  private upload: Upload | null = null
  private download: Download | null = null
  private answer: AnswerHead | null = null
  private timer: NodeJS.Timeout | null = null
  private tries = 0
  private interims = 0
  /** In any try, some of the request may have come to the model. */
  private reached = false
  private sentUs = 0
  private clientUs = 0
  private cause: Error | null = null
  private over = false
  private readonly quiet = new Quiet()

  constructor(around: CallAround, stream: ServerHttp2Stream, closed: (call: Call) => void) {
    this.around = around
    this.desk = around.desk
    this.stream = stream
    this.arrivedUs = around.desk.clock.us()
    stream.on('error', nothing)
    stream.on('aborted', () => this.leave())
    stream.on('close', () => {
      this.leave()
      closed(this)
    })
  }

  start(headers: IncomingHttpHeaders): void {
    const { desk, stream, arrivedUs } = this
    // 1 Parse
    const head = readH2Head(headers, stream.endAfterHeaders)
    if ('why' in head) return this.say(refused(head))
    this.head = head
    if (head.trailers) this.behind = trailersOf(stream)
    if (said.isHealthCall(desk, head)) return this.forward(head)
    // 2 Context
    const pass = head.own['pass']
    const edge = pass !== undefined && desk.passes.good(pass, stream.session ?? stream)
    this.trail = desk.spans.begin(head, arrivedUs)
    // 3 Admit
    const patienceUs = Math.min(patience(head.own) ?? Infinity, head.timeoutUs ?? Infinity)
    const { ticket, settled } = desk.gate.enter(arrivedUs, { edge, patienceUs })
    this.ticket = ticket
    if (settled === null) this.admitted(ticket, head)
    else void settled.then(() => this.admitted(ticket, head))
  }

  private admitted(ticket: Ticket, head: H2Head): void {
    if (this.over) return
    if (ticket.state !== 'rejected') return this.forward(head)
    const reason = ticket.reason ?? 'full'
    this.trail?.end({ ...unserved(ticket, this.desk), status: 429, reason })
    this.say(said.turnedAway(this.desk, ticket, head))
  }

  private forward(head: H2Head): void {
    // 4 Forward
    const { stream, desk, arrivedUs, ticket } = this
    if (head.expectsContinue) stream.additionalHeaders({ ':status': 100 })
    if (head.timeoutUs !== null) {
      const leftUs = arrivedUs + head.timeoutUs - desk.clock.us()
      // The model's own clock for this call begins now.
      if (ticket !== null && ticket.admittedUs > arrivedUs)
        head.headers['grpc-timeout'] = timeoutText(leftUs)
      this.timer = timerOf(leftUs, () => this.expire())
    }
    if (ticket !== null) Object.assign(head.headers, desk.engine.ask(arrivedUs / 1000))
    this.ask(head)
  }

  private ask(head: H2Head): void {
    this.tries++
    this.around.sessions.take(taken => {
      if (!this.over) this.send(head, taken)
      // A place that is not used is the next one's.
      else if (taken.session !== null) this.around.sessions.serve()
    })
  }

  private send(head: H2Head, { session, error }: Asked): void {
    if (session === null) {
      this.cause = error
      return this.failed(head, false)
    }
    const endStream = head.body.kind === 'none'
    const options = { endStream, waitForTrailers: head.trailers }
    const asked = session.request(head.headers, options, stream => {
      if (this.asked !== stream) return
      this.failed(head, stream.rstCode !== NGHTTP2_REFUSED_STREAM)
    })
    this.asked = asked
    this.sentUs = this.desk.clock.us()
    asked.on('error', (cause: Error) => (this.cause = cause))
    asked.on('headers', headers => this.interim(headers))
    asked.on('response', (headers, flags) => this.answered(asked, headers, flags))
    if (!endStream) this.upload = new Upload(this.stream, asked, this.behind, this.desk.clock)
  }

  private interim(headers: AnswerHead): void {
    if (this.over || this.stream.closed || this.stream.headersSent) return
    if (++this.interims > MOST_INTERIM || headers[':status'] === 101) cancel(this.asked)
    // 100 is said by us, to whom it was asked of.
    else if (headers[':status'] !== 100) this.stream.additionalHeaders(cleaned(headers))
  }

  private answered(asked: ClientHttp2Stream, headers: AnswerHead, flags: number): void {
    const { desk, stream, ticket } = this
    if (this.over || stream.closed) return
    if (!isStatus(headers[':status'])) return cancel(asked)
    const whole = (flags & END_STREAM) !== 0
    this.answer = cleaned(headers)
    this.clientUs = this.upload?.time.us ?? 0
    const download = new Download(asked, stream, desk)
    this.download = download
    if (ticket !== null) {
      desk.engine.heard(headers, this.arrivedUs / 1000)
      said.addOwn(headers, desk, ticket)
    }
    const empty = whole || this.head?.method === 'HEAD' || isEmpty(headers)
    stream.respond(headers, { endStream: empty, waitForTrailers: !empty })
    if (!empty) stream.on('wantTrailers', () => this.endWith(download.trailers))
    const counts = ticket !== null && isEventStream(headers)
    const count = counts ? (tokens: number): void => desk.admission.tokens(tokens) : null
    download.start(count, () => this.whole())
  }

  /** The answer is whole. */
  private whole(): void {
    if (this.over) return
    const { asked, stream, answer, download } = this
    const status = download?.trailers['grpc-status'] ?? answer?.['grpc-status']
    const call = answer !== null && isGrpc(answer)
    if (this.ticket !== null)
      this.desk.engine.heard(download?.trailers ?? {}, this.arrivedUs / 1000)
    this.finish(call ? kindOfCall(status) : kindOf(answer?.[':status'] ?? 502), true)
    // What the model was still being sent is given up.
    if (asked?.writableEnded === false) cancel(asked)
    if (stream.writableEnded) this.stopSending()
    else stream.end()
  }

  private endWith(trailers: IncomingHttpHeaders): void {
    this.stream.sendTrailers(trailers)
    this.stopSending()
  }

  /** Behind an answer: what the client still sends is dropped, and it is told not to. */
  private stopSending(): void {
    const { stream } = this
    if (stream.readableEnded || stream.endAfterHeaders) return
    this.upload?.stop()
    stream.resume()
    // What goes before it (trailers with an immediate of their own) must not be lost.
    setImmediate(() => setImmediate(() => stream.close(NGHTTP2_NO_ERROR)))
  }

  private finish(kind: Ended['kind'], whole: boolean): void {
    const { ticket, desk } = this
    this.release()
    if (ticket === null) return
    // 5 Measure
    const ended = this.ended(ticket, kind, whole)
    const status = this.answer?.[':status'] ?? 502
    this.trail?.end({ ...unserved(ticket, desk), status, ...ended, left: false })
    // 6 Release
    desk.gate.finish(ticket, ended)
  }

  private ended(ticket: Ticket, kind: Ended['kind'], whole: boolean): Ended {
    const now = this.desk.clock.us()
    if (!whole) return { kind, serviceUs: Math.max(0, now - ticket.admittedUs) }
    const waitedUs = this.clientUs + (this.download?.pausedUs ?? 0)
    return { kind, serviceUs: Math.max(0, now - this.sentUs - waitedUs) }
  }

  private release(): void {
    this.over = true
    this.asked = null
    this.download?.stop()
    if (this.timer !== null) clearTimeout(this.timer)
  }

  /** The model's stream, or the session that was to carry it, ended before there was a whole answer. */
  private failed(head: H2Head, sent: boolean): void {
    if (this.over) return
    const { asked, answer, upload, cause, desk, ticket } = this
    this.asked = null
    if (sent) this.reached = true
    const unheard = answer === null && this.interims === 0 && upload?.spent !== true
    if (unheard && this.tries < 2 && (!sent || repeatable(head))) return this.again(head)
    this.finish('server', false)
    // What the client has of an answer it must not take for whole.
    if (answer !== null) return this.stream.close(brokenOff(asked))
    const own = ticket === null ? {} : said.ownRecord(desk, ticket)
    this.say(said.lost(cause, this.reached, head.grpc, own))
  }

  /** Nothing was sent, or it may be repeated and nothing came back. */
  private again(head: H2Head): void {
    this.upload?.stop()
    setTimeout(() => {
      if (!this.over) this.ask(head)
    }, RETRY_MS)
  }

  /** grpc-timeout has passed: whoever still works on it does so for nobody. */
  private expire(): void {
    if (this.over) return
    const end = said.pastDeadline({})
    this.leave()
    if (this.answer === null) return this.say(end)
    const { 'grpc-status': status, 'grpc-message': message } = end.headers
    this.download?.endWith({ 'grpc-status': status, 'grpc-message': message })
  }

  /** The client is gone: whatever was under way is given up. */
  private leave(): void {
    if (this.over) return
    const { ticket, desk, asked, answer } = this
    const { state, reason } = ticket ?? {}
    this.release()
    cancel(asked)
    if (ticket === null) return
    desk.gate.leave(ticket)
    const status = answer?.[':status'] ?? 502
    const what =
      state === 'in-flight'
        ? { status, ...this.ended(ticket, 'server', false), left: true }
        : reason == null
          ? { left: true }
          : { status: 429, reason }
    this.trail?.end({ ...unserved(ticket, desk), ...what })
  }

  /** An answer of our own, whole. */
  private say(answer: Said): void {
    this.release()
    if (this.stream.closed || this.stream.destroyed) return
    said.answerWith(this.stream, answer, this.head?.method === 'HEAD')
    this.stopSending()
  }

  /** Looked at now and then: who keeps us waiting loses its place. */
  look(nowMs: number): void {
    const { stream, head, upload, around } = this
    const { bodyTimeoutMs } = around.bounds
    const quiet = this.quiet.look(nowMs, stream, upload, this.download)
    // It gives no window for an answer that waits.
    if (this.quiet.unsent > 0 || this.over)
      return quiet > bodyTimeoutMs ? this.giveUp(null) : undefined
    if (this.asked !== null && upload?.owes === true) {
      const call = head?.grpc === true
      const patienceMs = call && upload.spent ? around.bounds.quietTimeoutMs : bodyTimeoutMs
      if (quiet > patienceMs) this.giveUp(call ? said.tooQuiet() : tooSlow('body'))
    }
  }

  private giveUp(answer: Said | null): void {
    this.leave()
    if (this.answer !== null || answer === null) this.stream.close(NGHTTP2_CANCEL)
    else this.say(answer)
  }
}
