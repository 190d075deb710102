import { all, DIGIT, HEX, HOST, is, PERCENT, same, SLASH, SPACE, TARGET } from './bytes.ts'
import { COLON, TOKEN, VISIBLE, type Text } from './bytes.ts'
import * as fields from './fields.ts'
import { readFraming, type Framing } from './framing.ts'
import type { Body, Refusal } from './head.ts'
import type { HeadLines } from './lines.ts'
import * as names from './names.ts'
import { LANE } from '../model/tables.ts'

/**
 * A request's head read from its bytes by a whitelist (RFC 9110, RFC 9112; docs/http.md). It has one of three
 * fates: described in full and carried by us; legal but rare, and left whole to the compat carrier; or refused,
 * and its connection closed.
 */
export interface RequestHead {
  method: string
  /** Origin-form. */
  target: string
  /** The target without its query. */
  path: string
  /** The header lines to pass on, as they came, each with its CRLF. */
  kept: string
  body: Body
  /** The sender waits for 100 before it sends the body. */
  expectsContinue: boolean
  /** It is the last one on its connection. */
  close: boolean
  grpc: boolean
  /** What may have to be changed on the way, so it is not among `kept`: traceparent, tracestate, how an engine is asked for its load. */
  context: Record<string, string | string[]> | null
  /** Headers of our own, not among `kept` either: name without x-outrigger- and value. */
  own: Record<string, string> | null
}

export type Request = RequestHead | Refusal | 'compat'

const refuse = (why: string): Refusal => ({ status: 400, why })
const BAD_START = refuse('the first line is a method, a target and a version')
const BAD_TARGET = refuse('the target is no URI')
const BAD_FORM = refuse('the target is neither a path nor an http URI')
const BAD_HOST = refuse('Host is a name or an address, and a port')
const NO_HOST = refuse('HTTP/1.1 needs one Host')
const BAD_UPGRADE = refuse('an upgrade is a GET without a body')
const BAD_VERSION: Refusal = { status: 505, why: 'HTTP/1.1 is spoken here' }
/** The preface of HTTP/2 (RFC 9113 3.4). Where a connection begins with it, that is spoken instead. */
export const HTTP2: Refusal = { status: 505, why: 'HTTP/2 begins a connection' }
const NO_CONNECT: Refusal = { status: 501, why: 'CONNECT is not for a model' }
const BAD_EXPECT: Refusal = { status: 417, why: 'the only expectation known is 100-continue' }

/** The methods that models are asked with, and one that is refused; others are rare. */
const methods = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS', 'CONNECT']
/** What is switched to where that is asked for. */
const known = ['websocket', LANE]
/** Those of our own that are asked for. */
const OWN_NAMES = ['pass', 'deadline-ms']
const NOTHING: Body = { kind: 'none' }
const CHUNKED: Body = { kind: 'chunked' }

/** Reads the lines of a request. */
export function readRequest(lines: HeadLines, text: Text): Request {
  const start = readStart(lines)
  if (typeof start === 'object' && 'status' in start) return start
  fields.classify(lines)
  const { startLine } = lines
  const whole = text(lines.bytes, startLine, lines.end)
  // Values are parts of the text that is there: a call for each costs more.
  const part: Text = (_, from, to) => whole.slice(from - startLine, to - startLine)
  const found = readFields(lines, part)
  if ('status' in found) return found
  if (fields.nominatesFraming(found.hop)) return fields.NOMINATED
  if (found.host === 0) return start === 'compat' ? 'compat' : NO_HOST
  if (start === 'compat' || found.rare) return 'compat'
  const body = bodyOf(found)
  if (found.upgrade === 'known' && found.hop.names?.includes('upgrade') === true) {
    return start.method === 'GET' && body === NOTHING ? 'compat' : BAD_UPGRADE
  }
  const { method, from, to } = start
  const target = part(lines.bytes, from, to)
  const query = target.indexOf('?')
  return {
    method,
    target,
    path: query < 0 ? target : target.slice(0, query),
    kept: fields.keptLines(lines, whole, passes, found.hop.names),
    body,
    expectsContinue: found.expects && body.kind !== 'none',
    close: found.hop.close,
    grpc: found.grpc,
    context: found.context,
    own: found.own,
  }
}

function passes(kind: number): boolean {
  return (
    kind === names.PLAIN ||
    kind === names.HOST_NAME ||
    kind === names.CONTENT_TYPE ||
    kind === names.DATE
  )
}

interface Start {
  method: string
  from: number
  to: number
}

function readStart({
  bytes,
  startLine,
  startLineEnd: end,
  count,
}: HeadLines): Start | Refusal | 'compat' {
  let at = startLine
  while (at < end && is(bytes, at, TOKEN)) at++
  if (at === startLine || bytes[at] !== SPACE) return BAD_START
  const method = methodOf(bytes, startLine, at)
  const from = ++at
  while (at < end && bytes[at] !== SPACE) at++
  const to = at
  const version = versionOf(bytes, to + 1, end)
  if (version === null || to === from) return BAD_START
  if (version === 'other') return isPreface(bytes, startLine, end, count) ? HTTP2 : BAD_VERSION
  if (method === 'CONNECT') return NO_CONNECT
  const form = formOf(bytes, from, to)
  if (typeof form === 'object') return form
  return form === 'plain' && version === '1.1' && method !== null ? { method, from, to } : 'compat'
}

function isPreface(bytes: Uint8Array, from: number, to: number, count: number): boolean {
  return count === 0 && exactly(bytes, from, to, 'PRI * HTTP/2.0')
}

function methodOf(bytes: Uint8Array, from: number, to: number): string | null {
  for (const name of methods) if (exactly(bytes, from, to, name)) return name
  return null
}

function exactly(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) return false
  return true
}

function versionOf(bytes: Uint8Array, from: number, end: number): '1.1' | '1.0' | 'other' | null {
  // "HTTP/" in capitals, a digit, a point, a digit.
  if (end - from !== 8 || !exactly(bytes, from, from + 5, 'HTTP/')) return null
  if (!is(bytes, from + 5, DIGIT) || bytes[from + 6] !== 0x2e || !is(bytes, from + 7, DIGIT)) {
    return null
  }
  if (bytes[from + 5] !== 0x31) return 'other'
  const minor = bytes[from + 7]
  return minor === 0x31 ? '1.1' : minor === 0x30 ? '1.0' : 'other'
}

/** A path as RFC 3986 has it is plain. Others that are in use are rare: absolute-form, "*", and signs like "|". */
function formOf(bytes: Uint8Array, from: number, to: number): 'plain' | 'rare' | Refusal {
  let plain = true
  for (let i = from; i < to; i++) {
    if (is(bytes, i, TARGET)) continue
    if (bytes[i] === PERCENT && i + 2 < to && is(bytes, i + 1, HEX) && is(bytes, i + 2, HEX)) {
      i += 2
      continue
    }
    // '#' is never sent.
    if (!is(bytes, i, VISIBLE) || bytes[i] === 0x23) return BAD_TARGET
    plain = false
  }
  if (bytes[from] === SLASH) return plain ? 'plain' : 'rare'
  if (to - from === 1 && bytes[from] === 0x2a) return 'rare'
  return to - from > 7 && same(bytes, from, from + 7, 'http://') ? 'rare' : BAD_FORM
}

interface Found extends Framing {
  host: number
  expects: boolean
  grpc: boolean
  /** Carried by the compat carrier. */
  rare: boolean
  hop: fields.Hop
  /** Others than to WebSocket are not taken up: the header is dropped. */
  upgrade: 'known' | 'other' | null
  context: RequestHead['context']
  own: RequestHead['own']
}

function readFields(lines: HeadLines, text: Text): Found | Refusal {
  const found: Found = {
    length: -1,
    chunked: false,
    host: 0,
    expects: false,
    grpc: false,
    rare: false,
    hop: { close: false, names: null },
    upgrade: null,
    context: null,
    own: null,
  }
  for (let i = 0; i < lines.count; i++) {
    const kind = fields.kinds[i] ?? 0
    if (kind === names.PLAIN || kind === names.HOP || kind === names.DATE) continue
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
    case names.HOST_NAME:
      if (found.host++ > 0) return fields.TWICE
      if (to === from) found.rare = true
      return isHost(bytes, from, to) ? null : BAD_HOST
    case names.CONNECTION:
      return fields.readConnection(text, bytes, from, to, found.hop) ? null : fields.BAD_CONNECTION
    case names.LENGTH:
    case names.CODING:
      return readFraming(lines, i, kind, text, found)
    case names.EXPECT:
      if (found.expects) return fields.TWICE
      found.expects = true
      return same(bytes, from, to, '100-continue') ? null : BAD_EXPECT
    case names.UPGRADE:
      if (found.upgrade !== null) return fields.TWICE
      found.upgrade = known.some(one => same(bytes, from, to, one)) ? 'known' : 'other'
      return null
    case names.CONTENT_TYPE:
      found.grpc = to - from >= 16 && same(bytes, from, from + 16, 'application/grpc')
      return null
    case names.CONFUSABLE:
      return fields.CONFUSED
    default:
      note(lines, i, kind, text, found)
      return null
  }
}

function bodyOf({ length, chunked }: Framing): Body {
  if (chunked) return CHUNKED
  return length < 0 ? NOTHING : { kind: 'length', bytes: length }
}

/** RFC 9110 7.2: a registered name or an address in brackets, and a port. */
function isHost(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from
  if (bytes[at] === 0x5b) {
    at++
    while (at < to && (is(bytes, at, HEX) || bytes[at] === COLON || bytes[at] === 0x2e)) at++
    if (at === from + 1 || bytes[at] !== 0x5d || at >= to) return false
    at++
  } else while (at < to && is(bytes, at, HOST)) at++
  if (at === to) return true
  return bytes[at] === COLON && all(bytes, at + 1, to, DIGIT)
}

/** Our own headers and the trace context: their values as text. */
function note(lines: HeadLines, i: number, kind: number, text: Text, found: Found): void {
  const { bytes } = lines
  const at = (which: number): number => lines.fields[4 * i + which] ?? 0
  const value = text(bytes, at(2), at(3))
  if (kind !== names.OWN) {
    const name = text(bytes, at(0), at(1)).toLowerCase()
    found.context ??= {}
    const before = found.context[name]
    found.context[name] =
      before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
    return
  }
  if (names.underscored(bytes, at(0), at(1))) return
  const from = at(0) + names.OWN_PREFIX.length
  // A name that is there already is a key at once, one that was cut out is looked up first.
  const name =
    OWN_NAMES.find(one => same(bytes, from, at(1), one)) ?? text(bytes, from, at(1)).toLowerCase()
  found.own ??= {}
  // Said twice, it is nothing.
  found.own[name] = name in found.own ? '' : value
}
