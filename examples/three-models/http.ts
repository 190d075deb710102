import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the three example servers share: routes, bounded bodies, JSON, a clean stop. */

export type Handler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>
/** Keys are "METHOD /path". */
type Routes = Record<string, Handler>

/** The client's mistake: answered with `status` and the message. */
export class BadRequest extends Error {
  readonly status: number
  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}

/**
 * Listens on 127.0.0.1 and prints one line with the address. On SIGTERM or SIGINT the server stops
 * listening, finishes what is in flight and exits 0. Connections that were not yet accepted are reset
 * then, so whoever sends requests here stops doing so first. Port in use: one line, exit 1.
 */
export function serve(name: string, port: number, routes: Routes): void {
  let stopping = false
  const server = createServer((req, res) => {
    if (stopping) res.setHeader('connection', 'close')
    res.once('close', () => stopping && setImmediate(() => server.closeIdleConnections()))
    void route(routes, req, res)
  })
  server.once('error', error => {
    console.error(`${name} can't listen on 127.0.0.1:${port}: ${error.message}. Set another PORT.`)
    process.exit(1)
  })
  server.listen(port, '127.0.0.1', () => {
    const { port: bound } = server.address() as AddressInfo
    console.log(`${name} listening on http://127.0.0.1:${bound}`)
  })
  const stop = () => {
    if (stopping) return
    stopping = true
    server.close(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

async function route(routes: Routes, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '/').split('?', 1)[0] ?? '/'
  const handler = routes[`${req.method} ${path}`]
  try {
    if (handler === undefined) throw new BadRequest(`no ${req.method} ${path} here`, 404)
    await handler(req, res)
  } catch (error) {
    fail(res, error)
  }
}

function fail(res: ServerResponse, error: unknown): void {
  const code = error instanceof BadRequest ? error.status : 500
  const message = error instanceof Error ? error.message : String(error)
  if (code === 500) console.error(error)
  if (res.headersSent) return void res.destroy()
  if (!res.req.complete) res.setHeader('connection', 'close')
  sendJson(res, code, { error: { message, type: TYPES[code] ?? 'BadRequestError', code } })
}

const TYPES: Record<number, string> = { 404: 'NotFoundError', 500: 'InternalServerError' }

export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value))
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
  res.end(body)
}

/** The body as JSON. Throws BadRequest on more than `maxBytes`, or on text that is not JSON. */
export async function readJson(req: IncomingMessage, maxBytes: number): Promise<unknown> {
  const text = await readText(req, maxBytes)
  try {
    return JSON.parse(text)
  } catch {
    throw new BadRequest('the body is not JSON')
  }
}

// A body that is too large is read to its end and dropped: closing on unread data would reset the
// connection before the client has read why.
function readText(req: IncomingMessage, maxBytes: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const chunks: Buffer[] = []
  let bytes = 0
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
  })
  req.once('end', () => {
    if (bytes <= maxBytes) resolve(Buffer.concat(chunks).toString('utf8'))
    else reject(new BadRequest(`the body is larger than ${maxBytes} bytes`))
  })
  req.once('error', () => reject(new BadRequest('the client went away')))
  return promise
}

/** The value as an object with string keys; BadRequest otherwise. */
export function asObject(value: unknown, what = 'the body'): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new BadRequest(`${what} must be a JSON object`)
}
