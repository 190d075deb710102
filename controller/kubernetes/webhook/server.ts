import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refused } from '../../../core/runtime/admin.ts'
import { listenAt } from '../../../core/runtime/listen.ts'
import { once, wordsOfError, type Log } from '../../../core/runtime/log.ts'
import { Bodies, MOST_BYTES } from './body.ts'
import type { WebhookFigures } from './figures.ts'
import { allowed, parseReview, type Admitted, type AdmissionRequest } from './review.ts'
import type { Identity } from './x509.ts'

/** What is asked of the webhook, by path. What throws lets pass: our failing is no reason to refuse. */
export type Admission = (request: AdmissionRequest) => Admitted

export interface WebhookOptions {
  host: string
  port: number
  serving: Identity
  /** POST /inject */
  inject: Admission
  /** POST /scaled */
  scaled: Admission
  /** Called when one of the two threw. */
  failed(request: AdmissionRequest, error: unknown): void
  /** Why no API server should ask here now, in words; null when one may. */
  unready(): string | null
  figures: WebhookFigures
  log: Log
  /** Monotonic us. */
  us(): number
  /** A request and its body have to be there within this, in ms. */
  requestTimeoutMs?: number
}

export interface Webhook {
  host: string
  port: number
  /** New connections get this certificate; those that are open stay. */
  serve(serving: Identity): void
  close(): Promise<void>
}

/** More than API servers open, each 25 that idle and what is asked at once; fewer than memory could bear. */
const MOST_CONNECTIONS = 1000

/** Listens; rejects with the system's error (EADDRINUSE, EACCES). */
export function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const { serving, figures, log, requestTimeoutMs = 10_000 } = options
  const bodies = new Bodies()
  const server = createServer(
    {
      ...serving,
      minVersion: 'TLSv1.2',
      handshakeTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
      maxHeaderSize: 16_384,
      // An API server keeps an idle connection for 90 s: closing first could cost it a request.
      keepAliveTimeout: 120_000,
    },
    (request, response) => {
      answer(request, response, bodies, options).catch((error: unknown) =>
        refuse(request, response, error, figures),
      )
    },
  )
  server.maxConnections = MOST_CONNECTIONS
  const said = once(log)
  server.on('drop', () =>
    said.say(
      'warn',
      `more than ${MOST_CONNECTIONS} connections to the webhook: others are dropped`,
    ),
  )
  server.on('tlsClientError', error => {
    figures.handshakeFailed()
    log('debug', 'a TLS handshake failed', { why: wordsOfError(error) })
  })
  return listening(server, options)
}

async function listening(server: Server, { host, port }: WebhookOptions): Promise<Webhook> {
  const bound = await listenAt(server, { host, port })
  return {
    host: bound.address,
    port: bound.port,
    serve: ({ cert, key }) => server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
    close: () =>
      new Promise(done => {
        server.close(() => done())
        // What is being answered may end; what is idle may not wait for its client.
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 1000).unref()
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  bodies: Bodies,
  options: WebhookOptions,
): Promise<void> {
  const path = (request.url ?? '/').replace(/\?.*$/s, '')
  const unready = options.unready()
  // A webhook that is about to go asks API servers to come anew, elsewhere.
  if (unready !== null) response.shouldKeepAlive = false
  if (path === '/healthz' || path === '/readyz') {
    if (request.method !== 'GET')
      throw new Refused(405, `expected GET, got ${request.method}`, 'GET')
    const why = path === '/readyz' ? unready : null
    return json(response, why === null ? 200 : 503, { ok: why === null, why })
  }
  const admission = path === '/inject' ? options.inject : options.scaled
  if (path !== '/inject' && path !== '/scaled') {
    throw new Refused(404, 'expected /inject, /scaled, /healthz or /readyz, got another path')
  }
  if (request.method !== 'POST')
    throw new Refused(405, `expected POST, got ${request.method}`, 'POST')
  const type = request.headers['content-type'] ?? 'nothing'
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Refused(415, `content-type: expected application/json, got ${type.slice(0, 60)}`)
  }
  const body = await bodies.read(request)
  const started = options.us()
  const parsed = parseReview(body)
  if (!parsed.ok) throw new Refused(400, parsed.why)
  send(response, 200, answered(parsed.request, admission, options))
  options.figures.took((options.us() - started) / 1e6)
}

/** The answer in bytes: one that lets pass, whatever goes wrong in here. */
function answered(
  request: AdmissionRequest,
  admission: Admission,
  options: WebhookOptions,
): string {
  const { figures, failed, log } = options
  try {
    return JSON.stringify(allowed(request.uid, admission(request)))
  } catch (error) {
    figures.count('failed')
    log('error', 'admission failed: let pass unchanged', {
      namespace: request.namespace,
      name: request.name,
      why: error instanceof Error ? error.stack : String(error),
    })
    try {
      if (request.dryRun !== true) failed(request, error)
    } catch (again) {
      log('error', 'nobody could be told that admission failed', { why: wordsOfError(again) })
    }
    const warnings = ['outrigger failed, and let this pass unchanged; its controller logs why']
    return JSON.stringify(allowed(request.uid, { warnings }))
  }
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  figures: WebhookFigures,
): void {
  // 499: the client left before it was answered.
  const gone = response.socket === null || response.socket.destroyed
  const status = error instanceof Refused ? error.status : gone ? 499 : 500
  figures.refused(status)
  if (response.headersSent || gone) return void response.destroy()
  if (error instanceof Refused && error.allow !== null) response.setHeader('allow', error.allow)
  // A client that still sends would not see an answer: the rest is read and dropped, unless it is too much.
  const length = Number(request.headers['content-length'] ?? Infinity)
  if (!request.complete && length > MOST_BYTES) response.shouldKeepAlive = false
  else request.resume()
  json(response, status, { error: wordsOfError(error) })
}

function json(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, JSON.stringify(value))
}

function send(response: ServerResponse, status: number, text: string): void {
  const body = `${text}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
