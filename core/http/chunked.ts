import { BACKSLASH, CR, EQUALS, is, LF, QUOTE, SEMICOLON, TOKEN, VALUE } from './bytes.ts'
import type { Refusal } from './head.ts'
import { HeadLines, type Bounds } from './lines.ts'
import * as names from './names.ts'

/**
 * Takes a chunked body apart (RFC 9112 7.1), however it is cut. Sizes are hex digits alone; extensions are
 * read by their grammar and dropped; so are trailers, unless they try to frame or to name the host.
 */
const refuse = (why: string): Refusal => ({ status: 400, why })
const BAD_SIZE = refuse('a chunk begins with its size in hex digits')
const LONG_SIZE = refuse('a chunk is too large')
const BAD_LINE = refuse('a line of a chunk ends in CR LF')
const BAD_EXTENSION = refuse('a chunk extension that is none')
const LONG_EXTENSIONS = refuse('too many chunk extensions')
const BAD_TRAILER = refuse('a trailer that may not be one')

/** Hex digits that a size may have: it stays an exact number. */
const MOST_DIGITS = 13
/** Bytes of extensions in all of a body (CVE-2024-22019). */
const MOST_EXTENSIONS = 4096
const TRAILERS: Bounds = { headBytes: 8192, headers: 100 }

const SIZE = 0
const SIZE_LF = 1
const EXT_START = 2
const EXT_NAME = 3
const EXT_VALUE = 4
const EXT_TOKEN = 5
const EXT_QUOTED = 6
const EXT_ESCAPED = 7
const EXT_END = 8
const DATA = 9
const DATA_CR = 10
const DATA_LF = 11
const TRAILER = 12

export class Chunked {
  done = false
  /** Where in the last piece the body's data lies: from, to, from, to. */
  readonly ranges: number[] = []
  private state = SIZE
  private digits = 0
  private left = 0
  private extensions = 0
  private at = 0
  private trailers: HeadLines | null = null

  /** Takes `chunk` from `from` on; gives where the rest begins (its end, unless done), or what is wrong with it. */
  push(chunk: Uint8Array, from: number): number | Refusal {
    this.ranges.length = 0
    this.at = from
    while (this.at < chunk.length && !this.done) {
      const flaw =
        this.state === DATA
          ? this.data(chunk)
          : this.state === TRAILER
            ? this.trailer(chunk)
            : this.state < EXT_START
              ? this.size(chunk[this.at] ?? 0)
              : this.state < DATA
                ? this.extension(chunk)
                : this.dataEnd(chunk[this.at] ?? 0)
      if (flaw !== null) return flaw
    }
    return this.at
  }

  private data(chunk: Uint8Array): null {
    const to = Math.min(chunk.length, this.at + this.left)
    this.ranges.push(this.at, to)
    this.left -= to - this.at
    this.at = to
    if (this.left === 0) this.state = DATA_CR
    return null
  }

  private dataEnd(byte: number): Refusal | null {
    if (byte !== (this.state === DATA_CR ? CR : LF)) return BAD_LINE
    this.state = this.state === DATA_CR ? DATA_LF : SIZE
    this.at++
    return null
  }

  private size(byte: number): Refusal | null {
    this.at++
    if (this.state === SIZE_LF) return byte === LF ? this.sized() : BAD_LINE
    const digit = digitOf(byte)
    if (digit >= 0) {
      if (++this.digits > MOST_DIGITS) return LONG_SIZE
      this.left = this.left * 16 + digit
      return null
    }
    if (this.digits === 0) return BAD_SIZE
    if (byte !== CR && byte !== SEMICOLON) return BAD_SIZE
    this.state = byte === CR ? SIZE_LF : EXT_START
    return null
  }

  private sized(): null {
    this.digits = 0
    this.state = this.left === 0 ? TRAILER : DATA
    return null
  }

  /** name, name=token or name="quoted", with ";" between them. */
  private extension(chunk: Uint8Array): Refusal | null {
    const { at } = this
    const byte = chunk[at] ?? 0
    this.at++
    if (++this.extensions > MOST_EXTENSIONS) return LONG_EXTENSIONS
    switch (this.state) {
      case EXT_START:
      case EXT_VALUE:
        if (this.state === EXT_VALUE && byte === QUOTE) this.state = EXT_QUOTED
        else if (!is(chunk, at, TOKEN)) return BAD_EXTENSION
        else this.state = this.state === EXT_START ? EXT_NAME : EXT_TOKEN
        return null
      case EXT_QUOTED:
        if (byte === QUOTE) this.state = EXT_END
        else if (byte === BACKSLASH) this.state = EXT_ESCAPED
        else if (!is(chunk, at, VALUE)) return BAD_EXTENSION
        return null
      case EXT_ESCAPED:
        this.state = EXT_QUOTED
        return is(chunk, at, VALUE) ? null : BAD_EXTENSION
      default:
        if (this.state !== EXT_END && is(chunk, at, TOKEN)) return null
        if (this.state === EXT_NAME && byte === EQUALS) this.state = EXT_VALUE
        else if (byte === SEMICOLON) this.state = EXT_START
        else if (byte === CR) this.state = SIZE_LF
        else return BAD_EXTENSION
        return null
    }
  }

  private trailer(chunk: Uint8Array): Refusal | null {
    if (this.trailers === null) {
      this.trailers = new HeadLines(TRAILERS)
      this.trailers.beginTrailers()
    }
    const scanned = this.trailers.push(chunk, this.at)
    if (scanned === 'more') this.at = chunk.length
    else if (scanned !== 'done') return { status: 400, why: scanned.why }
    else {
      this.at = this.trailers.next
      this.done = true
      return forbidden(this.trailers) ? BAD_TRAILER : null
    }
    return null
  }
}

/** RFC 9110 6.5.1: what frames or routes a message comes in its head or not at all. */
function forbidden({ bytes, fields, count }: HeadLines): boolean {
  for (let i = 0; i < count; i++) {
    const kind = names.kindOf(bytes, fields[4 * i] ?? 0, fields[4 * i + 1] ?? 0)
    if (kind >= names.HOST_NAME && kind <= names.UPGRADE) return true
    if (kind === names.CONFUSABLE) return true
  }
  return false
}

function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const small = byte | 0x20
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : -1
}
