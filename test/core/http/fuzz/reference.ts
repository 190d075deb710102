import type { Message, Reading } from './ours.ts'

/**
 * HTTP/1.1 as RFC 9112 and RFC 9110 write it down, read from a whole stream by regular expressions: slow,
 * plain, and written apart from core/http. No bounds on sizes.
 */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const FIELD = new RegExp(
  `^(${TOKEN}):[ \\t]*((?:[!-~\\x80-\\xff](?:[ \\t!-~\\x80-\\xff]*[!-~\\x80-\\xff])?)?)[ \\t]*$`,
)
const PCHAR = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
const ORIGIN = new RegExp(`^(?:/${PCHAR}*)+(?:\\?(?:${PCHAR}|[/?])*)?$`)
const REQUEST_LINE = new RegExp(`^(${TOKEN}) (\\S+) HTTP/1\\.([01])$`)
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t -~\x80-\xff]*)?$/
const HOST = /^([A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2}|%)*(:\d*)?$|^\[[0-9A-Fa-f:.]+\](:\d*)?$/
const EXTENSION = `;${TOKEN}(?:=(?:${TOKEN}|"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"))?`
const CHUNK_LINE = new RegExp(`^([0-9A-Fa-f]+)(?:${EXTENSION})*$`)
const HOP_BY_HOP =
  /^(connection|keep-alive|proxy-connection|proxy-authenticate|proxy-authorization|te|trailer|transfer-encoding|upgrade)$/
const NOT_IN_TRAILERS = /^(host|connection|content[-_]length|transfer[-_]encoding|expect|upgrade)$/

type Fields = [string, string][]
type Framing = { length: number } | 'chunked' | 'none' | 'close'

interface Head {
  first: string
  fields: Fields
  /** Where the body begins. */
  at: number
}

class Wrong extends Error {}

/** Null: it is not all there. */
function readHead(stream: string, from: number): Head | null {
  const end = stream.indexOf('\r\n\r\n', from)
  if (end < 0) return null
  const [first = '', ...rest] = lines(stream.slice(from, end))
  return { first, fields: rest.map(field), at: end + 4 }
}

function lines(text: string): string[] {
  return text.split('\r\n').map(line => {
    if (/[\r\n]/.test(line)) throw new Wrong('bare CR or LF')
    return line
  })
}

function field(line: string): [string, string] {
  // RFC 9112 5.1 allows it; beside what frames a message parsers differ about it.
  if (/^(content-length|transfer-encoding):(\t|.*\t$)/i.test(line)) throw new Wrong('tab')
  const [, name, value] = FIELD.exec(line) ?? []
  if (name === undefined || value === undefined) throw new Wrong(`no field: ${line}`)
  return [name, value]
}

function all(fields: Fields, name: string): string[] {
  return fields.flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []))
}

/** RFC 9112 6.3; what it calls an error, or lets a recipient take for one, is one here. */
function framingOf(fields: Fields): { length: number } | 'chunked' | null {
  const codings = all(fields, 'transfer-encoding')
  const lengths = all(fields, 'content-length')
  if (codings.length > 0) {
    if (lengths.length > 0) throw new Wrong('both')
    if (codings.join(',').toLowerCase() !== 'chunked') throw new Wrong('coding')
    return 'chunked'
  }
  if (lengths.length === 0) return null
  if (lengths.length > 1 || !/^\d+$/.test(lengths[0] ?? '')) throw new Wrong('length')
  return { length: Number(lengths[0]) }
}

function options(fields: Fields): string[] {
  const names = all(fields, 'connection').flatMap(value => value.split(','))
  return names.map(name => name.replace(/^[ \t]*|[ \t]*$/g, '').toLowerCase())
}

/** The lines that a proxy passes on (RFC 9110 7.6.1), without framing and without what our own carrier writes anew. */
function passedOn(fields: Fields, dropped: RegExp): string {
  const named = options(fields)
  return fields
    .filter(([key]) => {
      const name = key.toLowerCase()
      return !HOP_BY_HOP.test(name) && !dropped.test(name) && !named.includes(name)
    })
    .map(([name, value]) => `${name}:${value}\n`)
    .join('')
}

/** Body and where the rest begins; null in place of that: it is not all there. */
function readBody(stream: string, from: number, framing: Framing): [string, number | null] {
  if (framing === 'none') return ['', from]
  if (framing === 'close') return [stream.slice(from), null]
  if (framing === 'chunked') return readChunks(stream, from)
  const body = stream.slice(from, from + framing.length)
  return [body, body.length === framing.length ? from + framing.length : null]
}

function readChunks(stream: string, from: number): [string, number | null] {
  let body = ''
  let at = from
  for (;;) {
    const end = stream.indexOf('\r\n', at)
    if (end < 0) return [body, null]
    const [, size] = CHUNK_LINE.exec(stream.slice(at, end)) ?? []
    if (size === undefined) throw new Wrong('chunk')
    const bytes = Number.parseInt(size, 16)
    at = end + 2
    if (bytes === 0) return [body, trailers(stream, at)]
    body += stream.slice(at, at + bytes)
    at += bytes
    if (stream.length < at + 2) return [body, null]
    if (stream.slice(at, at + 2) !== '\r\n') throw new Wrong('chunk end')
    at += 2
  }
}

function trailers(stream: string, from: number): number | null {
  if (stream.startsWith('\r\n', from)) return from + 2
  const end = stream.indexOf('\r\n\r\n', from)
  if (end < 0) return null
  for (const [name] of lines(stream.slice(from, end)).map(field)) {
    if (NOT_IN_TRAILERS.test(name.toLowerCase())) throw new Wrong('trailer')
  }
  return end + 4
}

function message(
  what: string,
  { fields }: Head,
  framing: Framing,
  body: string,
  whole: boolean,
  dropped: RegExp,
): Message {
  return {
    what,
    headers: fields.flat(),
    framing: typeof framing === 'object' ? `length ${framing.length}` : framing,
    body,
    whole,
    kept: passedOn(fields, dropped),
  }
}

const NOT_IN_REQUEST =
  /^(content-length|expect|traceparent|tracestate|endpoint-load-metrics-format|x[-_]outrigger[-_].*)$/
const NOT_IN_ANSWER = /^(content-length|expect|x[-_]outrigger[-_].*)$/

export function referenceRequests(stream: string): Reading {
  return reading(messages => {
    let at = 0
    while (at < stream.length) {
      if (stream.startsWith('\r\n', at)) at += 2
      const head = readHead(stream, at)
      if (head === null) return
      const [, method, target = ''] = REQUEST_LINE.exec(head.first) ?? []
      if (method === undefined || !ORIGIN.test(target)) throw new Wrong('request line')
      const hosts = all(head.fields, 'host')
      if (hosts.length !== 1 || !HOST.test(hosts[0] ?? '')) throw new Wrong('host')
      const framing = framingOf(head.fields) ?? 'none'
      const [body, next] = readBody(stream, head.at, framing)
      const what = `${method} ${target}`
      messages.push(message(what, head, framing, body, next !== null, NOT_IN_REQUEST))
      if (next === null || options(head.fields).includes('close')) return
      at = next
    }
  })
}

export function referenceAnswer(stream: string, toHead: boolean): Reading {
  return reading(messages => void answer(stream, 0, toHead, messages))
}

/** One answer after the other, to requests of these methods. */
export function referenceAnswers(stream: string, methods: readonly string[]): Reading {
  return reading(messages => {
    let at: number | null = 0
    for (let i = 0; at !== null && at < stream.length; i++) {
      at = answer(stream, at, methods[i] === 'HEAD', messages)
    }
  })
}

/** Where the next one begins; null: this one is not all there. */
function answer(stream: string, from: number, toHead: boolean, messages: Message[]): number | null {
  for (let at = from; ;) {
    const head = readHead(stream, at)
    if (head === null) return null
    const [, minor, code = ''] = STATUS_LINE.exec(head.first) ?? []
    const status = Number(code)
    if (minor === undefined || status === 101) throw new Wrong('status line')
    const said = framingOf(head.fields)
    if (status < 200 && options(head.fields).includes('close')) throw new Wrong('1xx and close')
    if (said === 'chunked' && minor === '0') throw new Wrong('coding on 1.0')
    const none = toHead || status < 200 || status === 204 || status === 304
    const framing = none ? 'none' : (said ?? 'close')
    const [body, next] = readBody(stream, head.at, framing)
    messages.push(message(code, head, framing, body, next !== null, NOT_IN_ANSWER))
    if (next === null || status >= 200) return next
    at = next
  }
}

function reading(read: (messages: Message[]) => void): Reading {
  const messages: Message[] = []
  try {
    read(messages)
    return { messages, end: 'more' }
  } catch (error) {
    if (error instanceof Wrong) return { messages, end: error.message }
    throw error
  }
}
