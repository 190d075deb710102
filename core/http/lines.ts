import { COLON, CR, is, LF, SPACE, TAB, TOKEN, VALUE } from './bytes.ts'
import type { Refusal } from './head.ts'

/**
 * Splits a head into its lines (RFC 9112 2.1 and 5), however it is cut into chunks and without looking at a
 * byte twice: a start line, then NAME ":" OWS VALUE OWS CRLF, then CRLF. No folding, no bare CR or LF, no
 * space before the colon, no control characters.
 */
export interface Bounds {
  headBytes: number
  headers: number
}

export type Scanned = 'more' | 'done' | Refusal

const EMPTY = new Uint8Array(0)

const BLANK = 0
const BLANK_LF = 1
const START = 2
const START_LF = 3
const LINE = 4
const NAME = 5
const BEFORE_VALUE = 6
const IN_VALUE = 7
const VALUE_LF = 8
const LAST_LF = 9
const DONE = 10

const BAD_BYTE: Refusal = { status: 400, why: 'a byte that no head may have' }
const BARE_LF: Refusal = { status: 400, why: 'a line ends in CR LF' }
const FOLDED: Refusal = { status: 400, why: 'a folded line' }
const BAD_NAME: Refusal = { status: 400, why: 'a header is a name, a colon and a value' }
const TOO_LONG: Refusal = { status: 431, why: 'the head is too long' }
const TOO_MANY: Refusal = { status: 431, why: 'too many headers' }

export class HeadLines {
  /** What the offsets point into, while it is done. */
  bytes: Uint8Array = EMPTY
  startLine = 0
  startLineEnd = 0
  /** Just behind the last CRLF. */
  end = 0
  /** Where in the last chunk the rest begins. */
  next = 0
  /** Four offsets a header: name from, name to, value from, value to. */
  readonly fields: number[] = []
  count = 0
  private readonly bounds: Bounds
  private state = START
  private start = 0
  private at = 0
  /** Null while the head lies in one chunk. */
  private held: Uint8Array | null = null
  private heldBytes = 0

  constructor(bounds: Bounds) {
    this.bounds = bounds
  }

  /** A new head. `blank`: one empty line may come before it (RFC 9112 2.2). */
  begin(blank: boolean): void {
    this.reset(blank ? BLANK : START)
  }

  /** Lines without a start line: trailers. */
  beginTrailers(): void {
    this.reset(LINE)
  }

  private reset(state: number): void {
    this.state = state
    this.count = 0
    this.held = null
    this.heldBytes = 0
    this.bytes = EMPTY
  }

  /** Whether some of a head has come: more than the empty line before it. */
  get begun(): boolean {
    if (this.heldBytes === 0) return false
    return this.state > START || (this.state === START && this.at > this.startLine)
  }

  /** Bytes that it takes to keep what has come of a head. */
  get kept(): number {
    return this.held?.length ?? 0
  }

  push(chunk: Uint8Array, from: number): Scanned {
    const before = this.heldBytes
    if (this.held === null) {
      this.bytes = chunk
      this.start = from
      this.startLine = from
      this.at = from
    } else {
      this.held = this.append(this.held, chunk, from)
      this.bytes = this.held
      this.start = 0
    }
    const last = this.held === null ? chunk.length : this.heldBytes
    const limit = this.start + this.bounds.headBytes
    const scanned = this.scan(Math.min(last, limit))
    if (scanned === 'more') {
      if (this.at >= limit) return TOO_LONG
      if (this.held === null) this.hold(chunk, from)
      return scanned
    }
    this.end = this.at
    this.next = from + (this.at - this.start) - before
    return scanned
  }

  private hold(chunk: Uint8Array, from: number): void {
    const size = chunk.length - from
    this.held = new Uint8Array(Math.max(512, 2 * size))
    this.held.set(chunk.subarray(from))
    this.heldBytes = size
    this.at -= from
    this.startLine -= from
    this.startLineEnd -= from
    for (let i = 0; i < 4 * this.count + 4; i++) this.fields[i] = (this.fields[i] ?? 0) - from
  }

  /** No more than could be of this head. */
  private append(held: Uint8Array, chunk: Uint8Array, from: number): Uint8Array {
    const room = this.bounds.headBytes - this.heldBytes
    const size = Math.min(chunk.length - from, room)
    let all = held
    if (this.heldBytes + size > held.length) {
      all = new Uint8Array(2 * (this.heldBytes + size))
      all.set(held.subarray(0, this.heldBytes))
    }
    all.set(chunk.subarray(from, from + size), this.heldBytes)
    this.heldBytes += size
    return all
  }

  private scan(end: number): Scanned {
    const { bytes } = this
    while (this.at < end && this.state !== DONE) {
      const byte = bytes[this.at] ?? 0
      switch (this.state) {
        case BLANK:
          if (byte === CR) this.step(BLANK_LF)
          else this.state = START
          break
        case BLANK_LF:
        case START_LF:
        case VALUE_LF:
        case LAST_LF: {
          if (byte !== LF) return BARE_LF
          const was = this.state
          this.step(was === BLANK_LF ? START : was === LAST_LF ? DONE : LINE)
          if (was === BLANK_LF) this.startLine = this.at
          break
        }
        case START:
          this.at = span(bytes, this.at, end, VALUE)
          if (this.at < end && !this.lineEnd(START_LF)) return this.flaw()
          break
        case LINE:
          if (byte === CR) this.step(LAST_LF)
          else if (this.count >= this.bounds.headers) return TOO_MANY
          else if (!is(bytes, this.at, TOKEN)) return this.flaw()
          else this.mark(0, NAME)
          break
        case NAME:
          this.at = span(bytes, this.at, end, TOKEN)
          if (this.at === end) break
          if (bytes[this.at] !== COLON) return BAD_NAME
          this.mark(1, BEFORE_VALUE)
          this.at++
          break
        case BEFORE_VALUE:
          if (byte === SPACE || byte === TAB) this.at++
          else this.mark(2, IN_VALUE)
          break
        default:
          this.at = span(bytes, this.at, end, VALUE)
          if (this.at === end) break
          this.trimmed()
          if (!this.lineEnd(VALUE_LF)) return this.flaw()
      }
    }
    return this.state === DONE ? 'done' : 'more'
  }

  private step(state: number): void {
    this.state = state
    this.at++
  }

  private mark(which: number, state: number): void {
    this.fields[4 * this.count + which] = this.at
    this.state = state
  }

  private lineEnd(state: number): boolean {
    if (this.bytes[this.at] !== CR) return false
    if (state === START_LF) this.startLineEnd = this.at
    else this.count++
    this.step(state)
    return true
  }

  private trimmed(): void {
    const { bytes, fields } = this
    const from = fields[4 * this.count + 2] ?? 0
    let to = this.at
    while (to > from && (bytes[to - 1] === SPACE || bytes[to - 1] === TAB)) to--
    fields[4 * this.count + 3] = to
  }

  private flaw(): Refusal {
    const byte = this.bytes[this.at] ?? 0
    if (byte === LF) return BARE_LF
    if (this.state !== LINE) return BAD_BYTE
    return byte === SPACE || byte === TAB ? FOLDED : BAD_NAME
  }
}

function span(bytes: Uint8Array, from: number, end: number, kind: number): number {
  let at = from
  while (at < end && is(bytes, at, kind)) at++
  return at
}
