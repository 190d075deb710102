import { STATUS_CODES } from 'node:http'
import type { AnswerHead } from '../http/answer.ts'
import type { Text } from '../http/bytes.ts'
import type { RequestHead } from '../http/request.ts'
import type { Conn } from './conn.ts'
import type { Said } from './said.ts'

/** What goes over the wire, as text of one byte a character. Framing is written here and nowhere copied. */
export const latin1: Text = (bytes, from, to) => slice.call(bytes, from, to)

/** Buffer's own, which works on any bytes, and which its types leave out. */
const slice = Reflect.get(Buffer.prototype, 'latin1Slice') as (
  this: Uint8Array,
  from: number,
  to: number,
) => string

/** Up to here two writes cost more than a copy. */
const SMALL = 2048
/** A piece below it is not worth the buffer of 64 KiB that it lies in, where it lies for long. */
const HALF = 32 * 1024

/**
 * The head for the model. `context`: those of its headers that may have changed. `asked`: ours, in place of the
 * client's. `ours`: lines that no client's stand in for, each with its CRLF.
 */
export function requestText(
  head: RequestHead,
  context: Readonly<Record<string, string | string[]>>,
  asked: Readonly<Record<string, string>>,
  ours = '',
): string {
  let text = `${head.method} ${head.target} HTTP/1.1\r\n${head.kept}${ours}`
  for (const name in asked) text += `${name}: ${asked[name]}\r\n`
  for (const name in context) {
    const value = context[name] ?? ''
    if (Object.hasOwn(asked, name)) continue
    if (typeof value === 'string') text += `${name}: ${value}\r\n`
    else for (const each of value) text += `${name}: ${each}\r\n`
  }
  const { body, method } = head
  if (body.kind === 'length') return `${text}content-length: ${body.bytes}\r\n\r\n`
  if (body.kind === 'chunked') return `${text}transfer-encoding: chunked\r\n\r\n`
  // RFC 9110 8.6: methods that go with a body say that there is none.
  const expected = method === 'POST' || method === 'PUT' || method === 'PATCH'
  return expected ? `${text}content-length: 0\r\n\r\n` : `${text}\r\n`
}

/** The head for the client. `own`: name, value, name, value. */
export function answerText(
  head: AnswerHead,
  own: readonly string[],
  close: boolean,
  keepAlive: string,
): string {
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.kept}`
  for (let i = 0; i < own.length; i += 2) text += `${own[i]}: ${own[i + 1]}\r\n`
  if (!head.dated) text += dateLine()
  text += close ? 'connection: close\r\n' : keepAlive
  const { body, length, status } = head
  if (body.kind === 'chunked' || body.kind === 'close') text += 'transfer-encoding: chunked\r\n'
  // Of no use beside 204, and true of what a HEAD or a 304 stand for.
  else if (length >= 0 && status !== 204) text += `content-length: ${length}\r\n`
  return `${text}\r\n`
}

/** 1xx, which is not the answer yet. */
export function interimText({ status, reason, kept }: AnswerHead): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${kept}\r\n`
}

/** An answer of our own. */
export function saidText(
  { status, headers, body }: Said,
  toHead: boolean,
  keepAlive: string,
): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (const name in headers) text += `${name}: ${headers[name]}\r\n`
  if (headers['connection'] === undefined) text += keepAlive
  return `${text}${dateLine()}\r\n${toHead ? '' : body}`
}

let dateMs = 0
let date = ''

/** RFC 9110 6.6.1: whoever passes on an answer without a date puts one in. Made once a second. */
function dateLine(): string {
  const now = Date.now()
  if (now - dateMs >= 1000 || now < dateMs) {
    dateMs = now - (now % 1000)
    date = `date: ${new Date(now).toUTCString()}\r\n`
  }
  return date
}

/** Some text and some bytes, to be written at once. */
export class Outgoing {
  /** Comes before `rest`. */
  private readonly parts: Part[] = []
  private rest = ''

  get empty(): boolean {
    return this.rest === '' && this.parts.length === 0
  }

  text(text: string): void {
    this.rest += text
  }

  /** Bytes that stay as they are until they are sent; `late`: that may take long. */
  data(bytes: Buffer, from: number, to: number, late: boolean): void {
    if (late && to - from < HALF) this.copy(bytes, from, to)
    else if (to - from <= SMALL) this.rest += latin1(bytes, from, to)
    else this.large(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))
  }

  /** Bytes that are read over after this. */
  copy(bytes: Buffer, from: number, to: number): void {
    if (to - from <= SMALL) this.rest += latin1(bytes, from, to)
    else this.large(Buffer.from(bytes.subarray(from, to)))
  }

  private large(bytes: Buffer): void {
    if (this.rest !== '') this.parts.push(this.rest)
    this.parts.push(bytes)
    this.rest = ''
  }

  /** Whether more may be written: false until the socket's drain. `kept` is given what goes. */
  flush(socket: Conn, kept: Part[] | null = null): boolean {
    const { parts, rest } = this
    this.rest = ''
    if (rest !== '') kept?.push(...parts, rest)
    else kept?.push(...parts)
    if (parts.length === 0) return socket.write(rest, 'latin1')
    if (rest !== '') parts.push(rest)
    const more = writeAll(socket, parts)
    parts.length = 0
    return more
  }
}

/** Text of one byte a character, or bytes. */
export type Part = string | Buffer

export function writeAll(socket: Conn, parts: readonly Part[]): boolean {
  let more = true
  if (parts.length > 1) socket.cork()
  for (const part of parts) more = write(socket, part)
  if (parts.length > 1) socket.uncork()
  return more
}

function write(socket: Conn, part: Part): boolean {
  return typeof part === 'string' ? socket.write(part, 'latin1') : socket.write(part)
}
