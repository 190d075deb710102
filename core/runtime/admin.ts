import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { timingSafeEqual } from 'node:crypto'
import { HEADERS } from '../model/tables.ts'
import { bracketed, listenAt } from './listen.ts'

/**
 * The admin server that every component has: health, samples, windows, tables, metrics. Small JSON over
 * HTTP/1.1, and followed streams of one JSON object a line.
 */
export interface Ask {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  /** The parts of the path that the route's pattern names with ':name'. */
  params: Record<string, string>
  /** The parsed JSON body, or undefined when there was none. Throws Refused(400 or 413). */
  json(maxBytes?: number): Promise<unknown>
}

export type Answer =
  | { status: number; json: unknown; headers?: Record<string, string> }
  | { status: number; body: string | Buffer; type: string; headers?: Record<string, string> }
  /**
   * A followed stream: gets a writer, which says whether the reader keeps up, and gives what to call when
   * the reader has gone.
   */
  | { follow: (write: (line: unknown) => boolean) => () => void; headers?: Record<string, string> }

/** Thrown by a handler: answered as its status with {error}. */
export class Refused extends Error {
  readonly status: number
  /** The methods that a path takes, with a 405 (RFC 9110, 15.5.6). */
  readonly allow: string | null
  constructor(status: number, message: string, allow: string | null = null) {
    super(message)
    this.status = status
    this.allow = allow
  }
}

export interface Route {
  /** "GET /v1/windows/:endpoint*": ':name' one segment, ':name*' the rest of the path. */
  at: string
  handle(ask: Ask): Answer | Promise<Answer>
  /** Asks for the shared token between our own components. */
  guarded?: boolean
}

export interface Served {
  host: string
  port: number
  address: string
  close(): Promise<void>
}

/** A reader that leaves this much unread is dropped: it resumes from where it was. Two seconds of windows of 10,000 replicas. */
const MOST_UNREAD = 32 * 1024 * 1024

/** Listens; rejects with the system's error (EADDRINUSE, EACCES). */
export async function serve(options: {
  host: string
  port: number
  routes: Route[]
  token?: string | null
  /** How often to look for heads and bodies that take too long, ms. Each look wakes the process. */
  lookMs?: number
}): Promise<Served> {
  const routes = options.routes.map(route => ({ ...route, match: matcher(route.at) }))
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: options.lookMs ?? 30_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        const status = error instanceof Refused ? error.status : 500
        if (response.headersSent) return void response.destroy()
        if (error instanceof Refused && error.allow !== null)
          response.setHeader('allow', error.allow)
        sendJson(response, status, {
          error: error instanceof Error ? error.message : String(error),
        })
      })
    },
  )
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '/', 'http://admin')
    if (url === null) throw new Refused(400, 'the path is not one')
    const allowed: string[] = []
    for (const route of routes) {
      const params = route.match(url.pathname)
      if (params === null) continue
      const method = route.at.slice(0, route.at.indexOf(' '))
      allowed.push(method)
      if (method !== request.method) continue
      if (route.guarded && !sameToken(request.headers[HEADERS.token], options.token ?? null)) {
        throw new Refused(401, `this needs the shared token in ${HEADERS.token}`)
      }
      const ask: Ask = {
        method: request.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        params,
        json: maxBytes => readJson(request, maxBytes),
      }
      return send(response, await route.handle(ask))
    }
    if (allowed.length === 0) throw new Refused(404, `nothing at ${url.pathname}`)
    throw new Refused(405, `${request.method} is not for ${url.pathname}`, allowed.join(', '))
  }
  const { address, port } = await listenAt(server, options)
  const host = bracketed(address)
  return { host, port, address: `${host}:${port}`, close: () => closed(server) }
}

function closed(server: Server): Promise<void> {
  return new Promise(done => {
    server.close(() => done())
    server.closeAllConnections()
  })
}

function send(response: ServerResponse, answer: Answer): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value)
  if ('json' in answer) return sendJson(response, answer.status, answer.json)
  if ('body' in answer) {
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'content-length': Buffer.byteLength(answer.body),
    })
    return void response.end(answer.body)
  }
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  response.flushHeaders()
  const stop = answer.follow(line => {
    if (response.writableLength > MOST_UNREAD) {
      response.destroy()
      return false
    }
    return writeLine(response, typeof line === 'string' ? line : JSON.stringify(line))
  })
  response.once('close', stop)
}

/**
 * A line as a chunk (RFC 9112, 7.1) straight to the socket: node:http would cut it into four and send them a turn later,
 * which was a fifth of all that an idle sidecar does. It has those to a client of HTTP/1.0, which knows no chunks,
 * and of a request whose turn on the connection has not come.
 */
function writeLine(response: ServerResponse, text: string): boolean {
  const { socket } = response
  const line = `${text}\n`
  if (socket === null || !response.chunkedEncoding) return response.write(line)
  return socket.write(`${Buffer.byteLength(line).toString(16)}\r\n${line}\r\n`)
}

function sendJson(response: ServerResponse, status: number, json: unknown): void {
  const body = `${JSON.stringify(json)}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

async function readJson(request: IncomingMessage, maxBytes = 1024 * 1024): Promise<unknown> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > maxBytes) throw new Refused(413, `a body may have at most ${maxBytes} bytes`)
    parts.push(part)
  }
  if (size === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
  } catch {
    throw new Refused(400, 'the body is not JSON')
  }
}

function matcher(at: string): (path: string) => Record<string, string> | null {
  const wanted = at.slice(at.indexOf(' ') + 1).split('/')
  return path => {
    const got = path.split('/')
    const params: Record<string, string> = {}
    for (const [i, part] of wanted.entries()) {
      if (part.startsWith(':') && part.endsWith('*')) {
        const rest = got.slice(i).map(decode).join('/')
        if (rest === '') return null
        params[part.slice(1, -1)] = rest
        return params
      }
      if (part.startsWith(':') && (got[i] ?? '') !== '')
        params[part.slice(1)] = decode(got[i] ?? '')
      else if (part !== got[i]) return null
    }
    return got.length === wanted.length ? params : null
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Refused(400, 'the path is not percent-encoded UTF-8')
  }
}

/** In constant time. True where no token is wanted. */
export function sameToken(got: string | string[] | undefined, wanted: string | null): boolean {
  if (wanted === null) return true
  if (typeof got !== 'string') return false
  const [a, b] = [Buffer.from(got), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
