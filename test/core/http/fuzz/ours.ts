import { readAnswer, type AnswerHead } from '../../../../core/http/answer.ts'
import { Chunked } from '../../../../core/http/chunked.ts'
import type { Refusal } from '../../../../core/http/head.ts'
import { HeadLines } from '../../../../core/http/lines.ts'
import { readRequest } from '../../../../core/http/request.ts'

/** One message as some parser read it. */
export interface Message {
  /** "GET /path", or the status. */
  what: string
  /** Name, value, name, value, ... as they came. */
  headers: string[]
  framing: string
  body: string
  whole: boolean
  /** The headers that are passed on, as lines; null: this parser doesn't say. */
  kept: string | null
}

export interface Reading {
  messages: Message[]
  /** Why it stopped: more is needed, the rest is not its own (compat), the connection ends, or what is wrong. */
  end: string
  /** Of a refusal. */
  status?: number
}

const BOUNDS = { headBytes: 32 * 1024, headers: 100 }

export const text = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.prototype.latin1Slice.call(bytes, from, to)

/** Where to cut a stream, as ascending offsets. */
type Cuts = readonly number[]

export function pieces(stream: string, cuts: Cuts): Buffer[] {
  const bytes = Buffer.from(stream, 'latin1')
  const at = [0, ...cuts, bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

function headersOf(lines: HeadLines): string[] {
  const { bytes, fields, count } = lines
  return Array.from({ length: 2 * count }, (_, i) =>
    text(bytes, fields[2 * i] ?? 0, fields[2 * i + 1] ?? 0),
  )
}

/** A stream of messages, read by core/http as the carrier reads it. */
abstract class Driver {
  readonly messages: Message[] = []
  end: string | null = null
  status: number | undefined
  protected readonly lines = new HeadLines(BOUNDS)
  private body: { left: number } | Chunked | null = null

  push(chunk: Uint8Array): void {
    let at = 0
    while (this.end === null && at < chunk.length) {
      at = this.body === null ? this.head(chunk, at) : this.take(chunk, at)
    }
  }

  protected abstract read(headers: string[]): Found | Refusal | 'compat'
  protected abstract next(): void

  protected begin(body: Body): void {
    this.body = body
    if (body === null || (!(body instanceof Chunked) && body.left === 0)) this.over()
  }

  private head(chunk: Uint8Array, at: number): number {
    const scanned = this.lines.push(chunk, at)
    if (scanned === 'more') return chunk.length
    if (scanned !== 'done') return this.refuse(scanned, at)
    const found = this.read(headersOf(this.lines))
    if (found === 'compat') this.end = found
    else if ('why' in found) return this.refuse(found, at)
    else {
      this.messages.push(found.message)
      this.begin(found.body)
    }
    return this.lines.next
  }

  private refuse({ status, why }: Refusal, at: number): number {
    this.end = why
    this.status = status
    return at
  }

  private take(chunk: Uint8Array, at: number): number {
    const message = this.messages.at(-1)
    if (this.body === null || message === undefined) return at
    if (this.body instanceof Chunked) {
      const next = this.body.push(chunk, at)
      if (typeof next !== 'number') return this.refuse(next, at)
      const { ranges } = this.body
      for (let i = 0; i < ranges.length; i += 2) {
        message.body += text(chunk, ranges[i] ?? 0, ranges[i + 1] ?? 0)
      }
      if (this.body.done) this.over()
      return next
    }
    const to = Math.min(chunk.length, at + this.body.left)
    message.body += text(chunk, at, to)
    this.body.left -= to - at
    if (this.body.left === 0) this.over()
    return to
  }

  private over(): void {
    const message = this.messages.at(-1)
    if (message !== undefined) message.whole = true
    this.body = null
    this.next()
  }
}

type Body = { left: number } | Chunked | null
interface Found {
  message: Message
  body: Body
}

class Requests extends Driver {
  private close = false

  constructor() {
    super()
    this.lines.begin(true)
  }

  protected read(headers: string[]): Found | Refusal | 'compat' {
    const head = readRequest(this.lines, text)
    if (head === 'compat' || !('kept' in head)) return head
    this.close = head.close
    const { kind } = head.body
    const message: Message = {
      what: `${head.method} ${head.target}`,
      headers,
      framing: head.body.kind === 'length' ? `length ${head.body.bytes}` : kind,
      body: '',
      whole: false,
      kept: head.kept,
    }
    const body =
      head.body.kind === 'length'
        ? { left: head.body.bytes }
        : kind === 'chunked'
          ? new Chunked()
          : null
    return { message, body }
  }

  protected next(): void {
    if (this.close) this.end = 'close'
    else this.lines.begin(true)
  }
}

class Answers extends Driver {
  private readonly toHead: boolean
  private last: AnswerHead | null = null

  constructor(toHead: boolean) {
    super()
    this.toHead = toHead
    this.lines.begin(false)
  }

  protected read(headers: string[]): Found | Refusal | 'compat' {
    const head = readAnswer(this.lines, text, this.toHead)
    if (!('kept' in head)) return head
    this.last = head
    const { body } = head
    const message: Message = {
      what: String(head.status),
      headers,
      framing: body.kind === 'length' ? `length ${body.bytes}` : body.kind,
      body: '',
      whole: false,
      kept: head.kept,
    }
    if (body.kind === 'chunked') return { message, body: new Chunked() }
    if (body.kind === 'length') return { message, body: { left: body.bytes } }
    return { message, body: body.kind === 'close' ? { left: Infinity } : null }
  }

  /** After the final answer nothing may come that was not asked for. */
  protected next(): void {
    if ((this.last?.status ?? 200) >= 200) this.end = 'close'
    else this.lines.begin(false)
  }
}

export function ourRequests(stream: string, cuts: Cuts): Reading {
  return drive(new Requests(), stream, cuts)
}

export function ourAnswer(stream: string, toHead: boolean, cuts: Cuts): Reading {
  return drive(new Answers(toHead), stream, cuts)
}

function drive(driver: Driver, stream: string, cuts: Cuts): Reading {
  for (const piece of pieces(stream, cuts)) driver.push(piece)
  const { messages, end, status } = driver
  return { messages, end: end ?? 'more', ...(status === undefined ? {} : { status }) }
}
