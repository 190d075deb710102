import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Ask, Asked, Asker } from '../core/carry/asker.ts'
import { readMessage } from '../core/carry/message.ts'
import { refused, say, type Said } from '../core/carry/said.ts'
import { watchBody } from '../core/carry/slow-body.ts'
import { Upload } from '../core/carry/upload.ts'
import type { AnswerHead } from '../core/http/answer.ts'
import { isRefusal, type Head } from '../core/http/head.ts'
import type { RequestHead } from '../core/http/request.ts'

/** What the grammar of the fast front leaves out is legal but rare: node:http reads it, and it goes on as all else does. */
export interface CompatOptions {
  ask: Ask
  /** Headers that a head may have. */
  headers: number
  bodyTimeoutMs: number
  nowUs(): number
  /** Each answer ends its connection. */
  closing(): boolean
}

export function handle(
  options: CompatOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const head = readMessage(request, options.headers)
  if (isRefusal(head)) return say(response, refused(head))
  const carried = carriedHead(head)
  const asker = new CompatAsker(options, carried, request, response)
  asker.start()
}

/** The head as the fast front would have it. */
function carriedHead({ headers, own, ...head }: Head): RequestHead {
  // HTTP/1.0 may leave it out; who passes it on as HTTP/1.1 may not.
  let kept = headers['host'] === undefined ? 'host: localhost\r\n' : ''
  const context: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'traceparent' || name === 'tracestate') {
      context[name] = value
      continue
    }
    for (const one of typeof value === 'string' ? [value] : value) kept += `${name}: ${one}\r\n`
  }
  const type = headers['content-type']
  const grpc = typeof type === 'string' && type.startsWith('application/grpc')
  return { ...head, kept, context, own, grpc, close: false }
}

/** A request that node:http read, and its answer. */
class CompatAsker implements Asker {
  /** What it was given is copied. */
  readonly holds = false
  readonly socket: object
  private readonly options: CompatOptions
  private readonly head: RequestHead
  private readonly request: IncomingMessage
  private readonly response: ServerResponse
  private readonly upload: Upload
  private readonly asked: Asked
  /** Of the body: came before it could be sent on, framed. */
  private readonly waiting: Buffer[] = []
  private listens = false
  private feeding = false

  constructor(
    options: CompatOptions,
    head: RequestHead,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.options = options
    this.head = head
    this.socket = request.socket
    this.request = request
    this.response = response
    this.upload = new Upload(head.body)
    this.asked = options.ask(head, this.upload, this, options.nowUs())
  }

  start(): void {
    const { request, response, asked, options } = this
    response.once('close', () => asked.leave())
    response.on('drain', () => asked.clientDrained())
    watchBody(request, response, options.bodyTimeoutMs, () => asked.leave())
    asked.start()
  }

  goOn(): void {
    this.response.writeContinue()
  }

  interim(): void {
    // Of no use to those who come this way.
  }

  readOn(): void {
    if (!this.listens) this.listen()
    if (this.feeding) return
    this.feeding = true
    for (;;) {
      const next = this.wants ? this.waiting.shift() : undefined
      if (next === undefined) break
      this.upload.push(next, 0)
    }
    this.feeding = false
    if (this.wants) this.request.resume()
    else this.request.pause()
  }

  private get wants(): boolean {
    return this.upload.open && !this.upload.behind
  }

  private listen(): void {
    const { request, head } = this
    this.listens = true
    const chunked = head.body.kind === 'chunked'
    request.on('data', (bytes: Buffer) => {
      // The framing that node:http took away: what it stands for is read once, by the upload.
      if (chunked) this.waiting.push(Buffer.from(`${bytes.length.toString(16)}\r\n`))
      this.waiting.push(bytes)
      if (chunked) this.waiting.push(Buffer.from('\r\n'))
      this.readOn()
    })
    request.once('end', () => {
      if (chunked) this.waiting.push(Buffer.from('0\r\n\r\n'))
      this.readOn()
    })
  }

  begin(head: AnswerHead, own: readonly string[]): void {
    const { response } = this
    if (response.headersSent || response.destroyed) return
    const headers = [...pairs(head.kept), ...own]
    const whole = head.body.kind === 'none' || head.body.kind === 'length'
    if (whole && head.length >= 0 && head.status !== 204) {
      headers.push('content-length', String(head.length))
    }
    if (this.options.closing()) headers.push('connection', 'close')
    response.sendDate = !head.dated
    response.writeHead(head.status, head.reason, headers)
    // The head goes with the first bytes where they are there already, else by itself (event streams).
    setImmediate(() => {
      if (!response.writableEnded && !response.destroyed) response.flushHeaders()
    })
  }

  data(bytes: Buffer, from: number, to: number): void {
    if (!this.response.destroyed) this.response.write(Buffer.from(bytes.subarray(from, to)))
  }

  flush(): boolean {
    return !this.response.writableNeedDrain
  }

  end(): void {
    this.response.end()
  }

  done(): void {
    this.discard()
  }

  say(said: Said): void {
    const headers = this.options.closing() ? { ...said.headers, connection: 'close' } : said.headers
    say(this.response, { ...said, headers })
    this.discard()
  }

  cut(): void {
    this.response.destroy()
  }

  /** Read and thrown away, so that the connection can go on. */
  private discard(): void {
    this.request.resume()
    if (this.listens) this.readOn()
  }
}

function pairs(lines: string): string[] {
  const out: string[] = []
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) out.push(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return out
}
