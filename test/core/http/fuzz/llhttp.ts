import { createRequire } from 'node:module'
import { pieces, type Message, type Reading } from './ours.ts'

/** Node's own parser, llhttp, in its strict mode, called as node:http calls it. */
interface Parser {
  initialize(kind: number, resource: object, maxHeaderSize: number, lenient: number): void
  execute(chunk: Buffer): number | Error
  finish(): Error | undefined
  [callback: number]: unknown
}
interface Parsers {
  new (): Parser
  REQUEST: number
  RESPONSE: number
  kOnHeaders: number
  kOnHeadersComplete: number
  kOnBody: number
  kOnMessageComplete: number
}

const common = createRequire(import.meta.url)('_http_common') as {
  HTTPParser: Parsers
  methods: readonly string[]
}
const { HTTPParser, methods } = common
/** How a reading ends that stopped there. */
export const UPGRADED = 'upgraded'

/** What its callback may answer: 1, that there is no body. */
const SKIP_BODY = 1

export function llhttp(
  stream: string,
  kind: 'request' | 'answer',
  toHead: boolean,
  cuts: readonly number[],
): Reading {
  const messages: Message[] = []
  const parser = new HTTPParser()
  let early: string[] = []
  let earlyUrl = ''
  let upgraded = false
  parser.initialize(HTTPParser[kind === 'request' ? 'REQUEST' : 'RESPONSE'], {}, 65_536, 0)
  parser[HTTPParser.kOnHeaders] = (headers: string[], url: string) => {
    early.push(...headers)
    earlyUrl += url
  }
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    headers: string[] | undefined,
    method: number,
    url: string | undefined,
    status: number,
    _reason: string,
    upgrade: boolean,
  ): number => {
    if (kind === 'request' && upgrade) upgraded = true
    const what = kind === 'request' ? `${methods[method]} ${url ?? earlyUrl}` : String(status)
    const all = [...early, ...(headers ?? [])]
    early = []
    earlyUrl = ''
    messages.push({ what, headers: all, framing: '', body: '', whole: false, kept: null })
    return kind === 'answer' && toHead ? SKIP_BODY : 0
  }
  parser[HTTPParser.kOnBody] = (body: Buffer) => {
    const last = messages.at(-1)
    if (last !== undefined) last.body += body.toString('latin1')
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    // Trailers come the way of headers that are many.
    early = []
    earlyUrl = ''
    const last = messages.at(-1)
    if (last !== undefined) last.whole = true
  }
  for (const piece of pieces(stream, cuts)) {
    if (piece.length === 0) continue
    const done = parser.execute(piece)
    // Behind an upgrade that nobody takes up HTTP/1.1 goes on (RFC 9110 7.8), but not for llhttp.
    if (upgraded) return { messages, end: UPGRADED }
    if (done instanceof Error) return { messages, end: Reflect.get(done, 'code') as string }
  }
  return { messages, end: 'more' }
}
