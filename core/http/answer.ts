import { DIGIT, is, same, SPACE, type Text } from './bytes.ts'
import * as fields from './fields.ts'
import { readFraming, type Framing } from './framing.ts'
import type { Refusal } from './head.ts'
import type { HeadLines } from './lines.ts'
import * as names from './names.ts'

/**
 * A model's answer, read as strictly as a request: the model is not trusted to say where its answer ends. What
 * is refused here is answered 502 by us, and the connection to the model is closed.
 */
export interface AnswerHead {
  /** 100 to 999. */
  status: number
  reason: string
  /** The header lines to pass on, as they came, each with its CRLF. */
  kept: string
  body: AnswerBody
  /** What Content-Length said, or -1: of use without a body, too (HEAD, 304). */
  length: number
  /** Its connection may be used again once the body has come whole. */
  reusable: boolean
  /** It has a Date. */
  dated: boolean
  eventStream: boolean
}

export type AnswerBody =
  | { kind: 'none' }
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  /** The end of the connection is its end. */
  | { kind: 'close' }

const refuse = (why: string): Refusal => ({ status: 400, why })
const BAD_START = refuse('the first line is a version, a status and a reason')
const OLD_CODING = refuse('Transfer-Encoding is not for HTTP/1.0')
const NOT_LAST = refuse('an answer before the answer ends the connection')
const SWITCHED = refuse('the model switched protocols unasked')

const NOTHING: AnswerBody = { kind: 'none' }
const CHUNKED: AnswerBody = { kind: 'chunked' }
const CLOSE: AnswerBody = { kind: 'close' }

/** `toHead`: it answers a HEAD. */
export function readAnswer(lines: HeadLines, text: Text, toHead: boolean): AnswerHead | Refusal {
  const start = readStart(lines)
  if (start === null) return BAD_START
  const { status, old } = start
  // 101 is asked for by none of the requests that come this way.
  if (status === 101) return SWITCHED
  fields.classify(lines)
  const found = readFields(lines, text)
  if ('status' in found) return found
  if (found.chunked && old) return OLD_CODING
  if (status < 200 && found.hop.close) return NOT_LAST
  const { startLine, end } = lines
  const whole = text(lines.bytes, startLine, end)
  const empty = toHead || status < 200 || status === 204 || status === 304
  const body = empty ? NOTHING : bodyOf(found)
  return {
    status,
    reason: whole.slice(start.reason - startLine, lines.startLineEnd - startLine),
    kept: fields.keptLines(lines, whole, passes, found.hop.names),
    body,
    length: found.length,
    // A 204 that announces a body may well send one.
    reusable: !old && !found.hop.close && body.kind !== 'close' && !bodyAnyway(status, found),
    dated: found.dated,
    eventStream: found.eventStream,
  }
}

/** All but framing, hop-by-hop headers, and forged ones of our own. */
function passes(kind: number): boolean {
  return (
    kind === names.PLAIN ||
    kind === names.HOST_NAME ||
    kind === names.CONFUSABLE ||
    kind === names.LOAD_FORMAT ||
    (kind >= names.TRACE_PARENT && kind <= names.DATE)
  )
}

function bodyAnyway(status: number, { length, chunked }: Found): boolean {
  return (status === 204 || status < 200) && (chunked || length > 0)
}

function bodyOf({ length, chunked }: Found): AnswerBody {
  if (chunked) return CHUNKED
  return length < 0 ? CLOSE : { kind: 'length', bytes: length }
}

/** `reason`: where it begins. A status without the space behind it is taken: servers leave it out. */
function readStart({ bytes, startLine: from, startLineEnd: end }: HeadLines): {
  status: number
  old: boolean
  reason: number
} | null {
  if (end - from < 12 || !same(bytes, from + 4, from + 7, '/1.')) return null
  // "HTTP", in capitals.
  if (bytes[from] !== 0x48 || bytes[from + 1] !== 0x54 || bytes[from + 2] !== 0x54) return null
  if (bytes[from + 3] !== 0x50 || bytes[from + 8] !== SPACE) return null
  const minor = (bytes[from + 7] ?? 0) - 0x30
  if (minor !== 0 && minor !== 1) return null
  let status = 0
  for (let i = from + 9; i < from + 12; i++) {
    if (!is(bytes, i, DIGIT)) return null
    status = status * 10 + (bytes[i] ?? 0) - 0x30
  }
  if (status < 100) return null
  if (end === from + 12) return { status, old: minor === 0, reason: end }
  if (bytes[from + 12] !== SPACE) return null
  return { status, old: minor === 0, reason: from + 13 }
}

interface Found extends Framing {
  dated: boolean
  eventStream: boolean
  hop: fields.Hop
}

function readFields(lines: HeadLines, text: Text): Found | Refusal {
  const found: Found = {
    length: -1,
    chunked: false,
    dated: false,
    eventStream: false,
    hop: { close: false, names: null },
  }
  for (let i = 0; i < lines.count; i++) {
    const kind = fields.kinds[i] ?? 0
    if (kind === names.PLAIN) continue
    const flaw = readField(lines, i, kind, text, found)
    if (flaw !== null) return flaw
  }
  return found
}

function readField(
  lines: HeadLines,
  i: number,
  kind: number,
  text: Text,
  found: Found,
): Refusal | null {
  const { bytes } = lines
  const from = lines.fields[4 * i + 2] ?? 0
  const to = lines.fields[4 * i + 3] ?? 0
  switch (kind) {
    case names.CONNECTION:
      return fields.readConnection(text, bytes, from, to, found.hop) ? null : fields.BAD_CONNECTION
    case names.LENGTH:
    case names.CODING:
      return readFraming(lines, i, kind, text, found)
    case names.CONTENT_TYPE:
      found.eventStream = to - from >= 17 && same(bytes, from, from + 17, 'text/event-stream')
      return null
    case names.DATE:
      found.dated = true
      return null
    default:
      return null
  }
}

/** Which header is the last one of that name, which is in small letters; -1: there is none. */
export function lastOf({ bytes, fields: at, count }: HeadLines, name: string): number {
  let i = count - 1
  while (i >= 0 && !same(bytes, at[4 * i] ?? 0, at[4 * i + 1] ?? 0, name)) i--
  return i
}

/** The value of the last header of that name; null: there is none. */
export function valueOf(lines: HeadLines, text: Text, name: string): string | null {
  const i = lastOf(lines, name)
  const { bytes, fields: at } = lines
  return i < 0 ? null : text(bytes, at[4 * i + 2] ?? 0, at[4 * i + 3] ?? 0)
}
