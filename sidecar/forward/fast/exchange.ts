import type { Asked, Asker } from '../../../core/carry/asker.ts'
import type { Link, User } from '../../../core/carry/link.ts'
import type { Pool } from '../../../core/carry/pool.ts'
import type { Upload } from '../../../core/carry/upload.ts'
import { latin1, requestText } from '../../../core/carry/wire.ts'
import { valueOf, type AnswerHead } from '../../../core/http/answer.ts'
import type { HeadLines } from '../../../core/http/lines.ts'
import type { RequestHead } from '../../../core/http/request.ts'
import type { Ended, Ticket } from '../../admit/admission.ts'
import { retryAfter } from '../../admit/retry.ts'
import { failed, rejected } from '../../answers.ts'
import {
  isHealth,
  kindOf,
  ownHeaders,
  patience,
  repeatable,
  RETRY_MS,
  served,
  unserved,
} from '../../desk.ts'
import type { Desk } from '../../desk.ts'
import { HEADERS } from '../../../core/model/tables.ts'
import { ORCA_RESPONSE } from '../../signals/orca.ts'
import type { Trail } from '../../spans.ts'
import { events } from '../events.ts'

const NOTHING = {}

/** One request on the fast carrier, top to bottom: the steps of docs/request.md, in their order. */
export class Exchange implements Asked, User {
  readonly toHead: boolean
  readonly upload: Upload
  private readonly desk: Desk
  private readonly pool: Pool
  private readonly head: RequestHead
  private readonly asker: Asker
  private readonly arrivedUs: number
  private context: Record<string, string | string[]>
  private ticket: Ticket | null = null
  private trail: Trail | null = null
  private link: Link | null = null
  private forget: (() => void) | null = null
  private tries = 0
  private sent = false
  /** In any try. */
  private reached = false
  /** 0 until then. */
  private sentUs = 0
  private clientUs = 0
  private pausedUs = 0
  private pausedAt: number | null = null
  private answer: AnswerHead | null = null
  private over = false

  constructor(
    desk: Desk,
    pool: Pool,
    head: RequestHead,
    upload: Upload,
    asker: Asker,
    arrivedUs: number,
  ) {
    this.desk = desk
    this.pool = pool
    this.head = head
    this.upload = upload
    this.asker = asker
    this.toHead = head.method === 'HEAD'
    this.context = head.context ?? {}
    this.arrivedUs = arrivedUs
  }

  /** With a head that was read: a health path goes on at once, all else by a ticket. */
  start(): void {
    const { desk, head, arrivedUs } = this
    // 1 Parse
    if (isHealth(desk, head)) return this.forward()
    // 2 Context
    const pass = head.own?.['pass']
    const edge = pass !== undefined && desk.passes.good(pass, this.asker.socket)
    const { method, path } = head
    this.trail = desk.spans.begin({ method, path, headers: this.context }, arrivedUs)
    // 3 Admit
    const entry = desk.gate.enter(arrivedUs, { edge, patienceUs: patience(head.own) })
    this.ticket = entry.ticket
    if (entry.settled === null) this.admitted(entry.ticket)
    else void entry.settled.then(() => this.admitted(entry.ticket))
  }

  private admitted(ticket: Ticket): void {
    if (this.over) return
    if (ticket.state === 'rejected') this.turnAway(ticket)
    else this.forward()
  }

  private turnAway(ticket: Ticket): void {
    const { desk, head } = this
    const { admission } = desk
    const reason = ticket.reason ?? 'full'
    const seconds = retryAfter(admission.queued, admission.drainedPerSecond, desk.jitter())
    const headers = record(ownHeaders(desk, ticket))
    // A body that was never asked for may never come: the next request could not be told from it.
    if (head.expectsContinue) headers['connection'] = 'close'
    this.over = true
    this.upload.drop()
    this.trail?.end({ ...unserved(ticket, desk), status: 429, reason })
    this.asker.say(rejected(reason, head.grpc, seconds, headers))
  }

  private forward(): void {
    // 4 Forward
    if (this.head.expectsContinue) this.asker.goOn()
    if (this.over) return
    // The clock is read once when something comes: since then there was only work of ours.
    const nowUs = this.ticket?.admittedUs ?? this.arrivedUs
    const kept = this.pool.take(nowUs / 1000)
    if (kept !== null) this.sentUs = nowUs
    this.send(kept ?? this.pool.open())
  }

  private send(link: Link): void {
    this.tries++
    this.sent = false
    this.link = link
    link.use(this)
  }

  connected(): void {
    const { link, desk, head, upload } = this
    if (link === null) return
    this.sent = true
    this.reached = true
    if (this.sentUs === 0) this.sentUs = desk.clock.us()
    const asked = this.ticket === null ? NOTHING : desk.engine.ask(this.arrivedUs / 1000)
    const text = requestText(head, this.context, asked)
    if (head.body.kind === 'none') {
      link.socket.write(text, 'latin1')
      return
    }
    // The head goes with what there is of the body.
    link.socket.cork()
    link.socket.write(text, 'latin1')
    upload.to(link, desk.clock)
    this.asker.readOn()
    process.nextTick(() => link.socket.uncork())
  }

  drained(): void {
    this.upload.drained()
    this.asker.readOn()
  }

  interim(head: AnswerHead): void {
    // 100 is said by us, to whom it was asked of.
    if (head.status !== 100) this.asker.interim(head)
  }

  answered(head: AnswerHead, lines: HeadLines): void {
    const { desk } = this
    this.answer = head
    this.clientUs = this.upload.clientUs
    const report = this.ticket === null ? null : valueOf(lines, latin1, ORCA_RESPONSE)
    if (report !== null) desk.engine.heard({ [ORCA_RESPONSE]: report }, this.arrivedUs / 1000)
    this.asker.begin(head, this.ticket === null ? [] : this.ownHeaders(this.ticket))
  }

  private ownHeaders(ticket: Ticket): string[] {
    const { desk, head } = this
    const own = ownHeaders(desk, ticket)
    const word = ticket.edge
      ? desk.passes.wordFor(head.own?.['pass'] ?? '', this.asker.socket)
      : null
    if (word !== null) own.push(HEADERS.pass, word, HEADERS.lane, '1')
    return own
  }

  data(bytes: Buffer, from: number, to: number): void {
    if (this.answer?.eventStream === true && this.ticket !== null) {
      this.desk.admission.tokens(events(bytes.subarray(from, to)))
    }
    this.asker.data(bytes, from, to)
  }

  read(): void {
    if (this.asker.flush()) return
    this.pausedAt ??= this.desk.clock.us()
    this.link?.socket.pause()
  }

  /** The client takes more of the answer. */
  clientDrained(): void {
    if (this.pausedAt !== null) this.pausedUs += this.desk.clock.us() - this.pausedAt
    this.pausedAt = null
    this.link?.socket.resume()
  }

  whole(nowMs: number): void {
    this.asker.end()
    this.finish(kindOf(this.answer?.status ?? 502), true, Math.round(nowMs * 1000))
    this.asker.done(nowMs)
  }

  get holds(): boolean {
    return this.asker.holds
  }

  get allSent(): boolean {
    return this.upload.done
  }

  failed(error: Error): void {
    const heard = this.link?.heard === true
    this.link = null
    if (this.over) return
    if (this.answer === null && this.tries < 2 && !heard && (!this.sent || repeatable(this.head))) {
      return this.again()
    }
    const own = this.ticket === null ? [] : ownHeaders(this.desk, this.ticket)
    this.finish('server', false, this.desk.clock.us())
    if (this.answer === null) this.asker.say(failed(error, this.reached, record(own)))
    else this.asker.cut()
  }

  /** Nothing was sent, or it may be repeated and nothing came back. */
  private again(): void {
    this.sentUs = 0
    if (this.sent) return this.send(this.pool.open())
    this.forget = this.pool.openAfter(RETRY_MS, link => this.send(link))
  }

  /** The client is gone, or can't be understood: whatever was under way is given up. */
  leave(): void {
    if (this.over) return
    this.over = true
    this.forget?.()
    const { ticket, desk } = this
    const { state, reason } = ticket ?? {}
    if (ticket !== null) desk.gate.leave(ticket)
    this.link?.abort()
    this.link = null
    if (ticket === null) return
    const what =
      state === 'in-flight'
        ? {
            status: this.answer?.status ?? 502,
            ...this.ended(ticket, 'server', false, desk.clock.us()),
            left: true,
          }
        : reason == null
          ? { left: true }
          : { status: 429, reason }
    this.trail?.end({ ...unserved(ticket, desk), ...what })
  }

  private finish(kind: Ended['kind'], whole: boolean, nowUs: number): void {
    const { ticket, desk } = this
    this.over = true
    // What the model was still being sent when it had answered is given up.
    if (!this.upload.done) this.upload.drop()
    this.link = null
    if (ticket === null) return
    // 5 Measure
    const ended = this.ended(ticket, kind, whole, nowUs)
    const status = this.answer?.status ?? 502
    this.trail?.end(served(ticket, desk, status, ended))
    // 6 Release
    desk.gate.finish(ticket, ended, nowUs)
  }

  private ended(ticket: Ticket, kind: Ended['kind'], whole: boolean, nowUs: number): Ended {
    if (!whole) return { kind, serviceUs: Math.max(0, nowUs - ticket.admittedUs) }
    const pausedUs = this.pausedUs + (this.pausedAt === null ? 0 : nowUs - this.pausedAt)
    return { kind, serviceUs: Math.max(0, nowUs - this.sentUs - this.clientUs - pausedUs) }
  }
}

function record(pairs: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {}
  for (let i = 0; i < pairs.length; i += 2) out[pairs[i] ?? ''] = pairs[i + 1] ?? ''
  return out
}
