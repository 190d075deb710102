import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import util from 'node:util'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import type HttpProxy from 'http-proxy'
import type { ClientTime } from '../../core/carry/client-time.ts'
import type { Body, Head } from '../../core/http/head.ts'
import type { Clock } from '../../core/runtime/clock.ts'
import type { Address } from '../../core/runtime/environment.ts'
import { upload } from './upload.ts'

/**
 * The carrier on http-proxy 1.18. It never sees the client's request: it gets a head that was read
 * strictly and cleaned, writes it to a kept connection, and hands back the request it made. Framing,
 * body, answer and errors are ours, because its own ways with them are known to fail.
 */
export interface Carrier {
  send(head: Head, body: Readable): Sending
  /** Connections to the model, resting ones too. */
  open(): number
  /** Closes idle connections, and no longer keeps any. */
  close(): void
}

export interface Sending {
  /** Settles once: with the answer's head, or with what went wrong before there was one. */
  answered: Promise<Answered>
  abort(): void
}

export type Answered =
  /** `clientUs`: us after the first byte in which the model could only wait for the client's body. */
  | { ok: true; response: IncomingMessage; firstByteUs: number; clientUs: number }
  /** `sent`: the connection was there, so some of the request may have reached the model. */
  | { ok: false; error: Error; sent: boolean }

/** Loaded with the first request that comes this way: most sidecars see none. */
function load(): HttpProxy {
  // http-proxy takes util._extend when it is loaded, which Node warns of (DEP0060) and replaces by this.
  Reflect.set(util, '_extend', Object.assign)
  const httpProxy = createRequire(import.meta.url)('http-proxy') as typeof HttpProxy
  const proxy = httpProxy.createProxyServer({})
  // After the pass that takes the framing of DELETE and OPTIONS away, and before the one that sends.
  before(proxy, 'stream', reframe)
  return proxy
}

/** Servers close idle connections after as little as 2 s (gunicorn); ours must be gone before. */
const IDLE_MS = 1500

export function compatCarrier(app: Address, clock: Clock): Carrier {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: IDLE_MS })
  let proxy: HttpProxy | null = null
  const target = { protocol: 'http:', host: app.host, port: app.port }
  return {
    send(head, body) {
      const { promise: answered, resolve } = Promise.withResolvers<Answered>()
      let made: ClientRequest | null = null
      let firstByteUs: number | null = null
      let waited: ClientTime | null = null
      const fail = (error: Error): void => resolve({ ok: false, error, sent: firstByteUs !== null })
      const pipe = (outgoing: ClientRequest): void => {
        made = outgoing
        // http-proxy folds '//' in paths; a path is the model's business.
        outgoing.path = head.target
        outgoing.once('response', response =>
          resolve({
            ok: true,
            response,
            firstByteUs: firstByteUs ?? clock.us(),
            clientUs: waited?.us ?? 0,
          }),
        )
        outgoing.once('upgrade', (_response: IncomingMessage, socket: Socket) => {
          socket.destroy()
          fail(new Error('the model switched protocols unasked'))
        })
        outgoing.once('close', () => fail(new Error('the connection closed without an answer')))
        whenConnected(outgoing, () => {
          firstByteUs = clock.us()
          if (head.body.kind !== 'none') waited = upload(body, outgoing, clock)
        })
        // Without a body the head goes out as soon as there is a connection.
        if (head.body.kind === 'none') outgoing.end()
      }
      try {
        proxy ??= load()
        proxy.web(
          cleaned(head) as unknown as IncomingMessage,
          { headersSent: true, finished: true } as ServerResponse,
          { target, agent, toProxy: true, selfHandleResponse: true, buffer: { pipe } as never },
          fail,
        )
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
      }
      return {
        answered,
        abort() {
          if (made === null) return
          body.unpipe(made)
          made.destroy()
        },
      }
    },
    open: () => count(agent.sockets) + count(agent.freeSockets),
    close: () => agent.destroy(),
  }
}

function count(sockets: NodeJS.ReadOnlyDict<readonly unknown[]>): number {
  return Object.values(sockets).reduce((sum, some) => sum + (some?.length ?? 0), 0)
}

/** What http-proxy takes for a request. */
interface Cleaned {
  method: string
  url: string
  headers: Record<string, string | string[]>
  framing: Body
}

function cleaned(head: Head): Cleaned & Record<string, unknown> {
  return {
    method: head.method,
    url: head.target,
    headers: { ...head.headers },
    framing: head.body,
    httpVersion: '1.1',
    socket: { destroyed: false },
    connection: { destroyed: false },
    on: () => undefined,
  }
}

function reframe({ headers, framing }: Cleaned): void {
  delete headers['content-length']
  delete headers['transfer-encoding']
  if (framing.kind === 'chunked') headers['transfer-encoding'] = 'chunked'
  if (framing.kind === 'length') headers['content-length'] = String(framing.bytes)
}

/** http-proxy's own hook, which its types leave out. */
function before(proxy: object, pass: string, step: (request: Cleaned) => void): void {
  const hook: unknown = Reflect.get(proxy, 'before')
  if (typeof hook !== 'function') throw new Error('this http-proxy has no passes')
  hook.call(proxy, 'web', pass, step)
}

function whenConnected(outgoing: ClientRequest, go: () => void): void {
  outgoing.once('socket', socket => {
    if (socket.connecting) socket.once('connect', go)
    else go()
  })
}
