import type { Asker } from '../core/carry/asker.ts'
import type { Link, User } from '../core/carry/link.ts'
import type { Time } from '../core/carry/time.ts'
import type { Upload } from '../core/carry/upload.ts'
import { latin1, requestText } from '../core/carry/wire.ts'
import { lastOf, valueOf, type AnswerHead } from '../core/http/answer.ts'
import { SEMICOLON } from '../core/http/bytes.ts'
import type { HeadLines } from '../core/http/lines.ts'
import type { RequestHead } from '../core/http/request.ts'
import { HEADERS } from '../core/model/tables.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Slots } from './dispatch/replica.ts'
import type { Upstream } from './upstream.ts'
import type { Words } from './words.ts'

/** A body up to this is kept, so that a request which a replica turned away can go to another. */
export const REPLAY_BYTES = 64 * 1024
/** A connect that takes longer has failed: a replica is on this machine or in this cluster. */
const CONNECT_MS = 1000
/** A replica that does not say 100 in this time is sent the body all the same (RFC 9110 10.1.1). */
const CONTINUE_MS = 1000
const NOTHING = {}
/** An answer that goes to nobody has this long to end; then its connection is closed. */
const DETACHED_MS = 1000

export interface AttemptEvents {
  /** The connection stands: from here on the replica may have seen it. Gives our lines of its head but for the pass. */
  connected(nowUs: number): string
  /** False: this answer is not for the client, and nothing more is told. */
  answered(head: AnswerHead, said: { slots: Slots | null; reason: string | null }): boolean
  /** All of the answer has come: when, ms. `pausedUs`: how long the replica waited for the client. */
  whole(nowMs: number, pausedUs: number): void
  /** No answer, or no more of it. `sent` is false when not a byte can have reached the replica. */
  failed(sent: boolean): void
}

/** What is sent, whom for. */
export interface Errand {
  head: RequestHead
  upload: Upload
  asker: Asker
  clock: Clock
  time: Time
  /** The pass as a line of the head, and what may stand for it. */
  pass: string
  words: Words
  /** Told of lanes that the replica takes. */
  lanes: Pick<Upstream, 'offered'>
}

/** One try at a replica. */
export class Attempt implements User {
  readonly toHead: boolean
  private readonly errand: Errand
  private link: Link | null = null
  /** Null: nobody listens any more. */
  private events: AttemptEvents | null
  private forget: (() => void) | null = null
  /** Null until it is known: a new connection takes its time. */
  private connectedUs: number | null = null
  private sent = false
  /** A word stood for the pass. */
  private byWord = false
  /** The body goes to this replica. */
  private fed = false
  /** It was sent all, when nobody listened any more. */
  private sentAll = false
  private answer = false
  private clientUs = 0
  private pausedUs = 0
  private pausedAt: number | null = null

  constructor(errand: Errand, events: AttemptEvents) {
    this.errand = errand
    this.events = events
    this.toHead = errand.head.method === 'HEAD'
  }

  start({ pool: small, bulk }: Pick<Upstream, 'pool' | 'bulk'>, nowUs: number): void {
    const pool = asksFirst(this.errand.head) ? bulk : small
    const kept = pool.take(nowUs / 1000)
    const link = kept ?? pool.open()
    this.link = link
    if (kept !== null) this.connectedUs = nowUs
    if (kept === null) this.forget = this.errand.time.after(CONNECT_MS, () => this.give(false))
    link.use(this)
  }

  connected(): void {
    const { link, events, errand } = this
    if (link === null || events === null) return
    this.stopTimer()
    this.sent = true
    const { head } = errand
    const own = events.connected(this.connectedUs ?? errand.clock.us())
    const pass = errand.words.lineFor(link, errand.pass)
    this.byWord = pass !== errand.pass
    const asks = asksFirst(head)
    const ours = asks ? `${pass}${own}expect: 100-continue\r\n` : `${pass}${own}`
    const text = requestText(head, head.context ?? NOTHING, NOTHING, ours)
    // The head goes with what there is of the body.
    if (head.body.kind !== 'none') link.socket.cork()
    link.socket.write(text, 'latin1')
    if (head.body.kind === 'none') return
    if (!asks) this.feed()
    else this.forget = errand.time.after(CONTINUE_MS, () => this.feed())
    process.nextTick(() => link.socket.uncork())
  }

  private feed(): void {
    const { link, events, errand } = this
    this.stopTimer()
    if (link === null || events === null || this.fed) return
    this.fed = true
    errand.upload.to(link, errand.clock)
    errand.asker.readOn()
  }

  drained(): void {
    if (this.events === null) return
    this.errand.upload.drained()
    this.errand.asker.readOn()
  }

  interim(head: AnswerHead): void {
    if (head.status === 100) this.feed()
    else if (this.events !== null) this.errand.asker.interim(head)
  }

  answered(head: AnswerHead, lines: HeadLines): void {
    const { events, errand } = this
    if (events === null) return
    this.stopTimer()
    this.answer = true
    this.clientUs = this.fed ? errand.upload.clientUs : 0
    const said = {
      slots: readSlots(lines),
      reason: valueOf(lines, latin1, HEADERS.reason),
    }
    this.hearWord(said.slots, lines)
    // Before it is told: what is told may begin the next try.
    if (events.answered(head, said)) return
    this.events = null
  }

  private hearWord(slots: Slots | null, lines: HeadLines): void {
    const { link, errand } = this
    if (!this.byWord) {
      const word = valueOf(lines, latin1, HEADERS.pass)
      if (word !== null && link !== null)
        errand.words.heard(link, errand.pass, `${HEADERS.pass}: ${word}\r\n`)
      if (valueOf(lines, latin1, HEADERS.lane) !== null) errand.lanes.offered(errand.pass)
    } else if (slots === null && valueOf(lines, latin1, HEADERS.waited) !== null) {
      // What is told to clients.
      errand.words.refused()
    }
  }

  /** What is under way is left to end by itself: it goes to nobody. */
  detach(): void {
    this.sentAll = this.allSent
    this.events = null
    this.errand.upload.detach()
    this.forget = this.errand.time.after(DETACHED_MS, () => this.abort())
  }

  data(bytes: Buffer, from: number, to: number): void {
    if (this.events !== null) this.errand.asker.data(bytes, from, to)
  }

  read(): void {
    if (this.events === null || this.errand.asker.flush()) return
    this.pausedAt ??= this.errand.clock.us()
    this.link?.socket.pause()
  }

  /** The client takes more of the answer. */
  clientDrained(): void {
    if (this.pausedAt !== null) this.pausedUs += this.errand.clock.us() - this.pausedAt
    this.pausedAt = null
    this.link?.socket.resume()
  }

  whole(nowMs: number): void {
    const { events, pausedAt } = this
    this.stopTimer()
    this.link = null
    if (events === null) return
    this.events = null
    const paused = pausedAt === null ? 0 : Math.round(nowMs * 1000) - pausedAt
    events.whole(nowMs, this.clientUs + this.pausedUs + Math.max(0, paused))
  }

  /** Also when all of the answer has come: its last bytes may be what the client has not taken. */
  get holds(): boolean {
    return this.errand.asker.holds
  }

  get allSent(): boolean {
    if (this.events === null) return this.sentAll
    return this.errand.head.body.kind === 'none' || (this.fed && this.errand.upload.done)
  }

  failed(): void {
    this.link = null
    this.give(this.sent)
  }

  /** Gives up. */
  private give(sent: boolean): void {
    const { events } = this
    this.abort()
    events?.failed(sent)
  }

  /** The client is gone: nothing more is told. */
  abort(): void {
    this.stopTimer()
    const { link } = this
    if (this.events !== null && !this.answer) this.errand.upload.detach()
    this.events = null
    this.link = null
    link?.abort()
  }

  private stopTimer(): void {
    this.forget?.()
    this.forget = null
  }
}

/** A body that the replay buffer can't hold is sent after admission only. */
function asksFirst({ body }: RequestHead): boolean {
  return body.kind === 'chunked' || (body.kind === 'length' && body.bytes > REPLAY_BYTES)
}

/** "effective;in-flight", or null when it is not that. By hand: each answer has it. */
function readSlots(lines: HeadLines): Slots | null {
  const i = lastOf(lines, HEADERS.slots)
  if (i < 0) return null
  const { bytes, fields } = lines
  const [from, to] = [fields[4 * i + 2] ?? 0, fields[4 * i + 3] ?? 0]
  const middle = bytes.indexOf(SEMICOLON, from)
  const effective = countOf(bytes, from, middle)
  const inFlight = countOf(bytes, middle + 1, to)
  return effective < 0 || inFlight < 0 ? null : { effective, inFlight }
}

/** One to six digits, or -1. */
function countOf(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > 6) return -1
  let count = 0
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return -1
    count = count * 10 + digit
  }
  return count
}
