import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Head } from '../core/http/head.ts'
import { splitAddress } from '../core/runtime/environment.ts'
import { REPLAY_BYTES, type ReplayBody } from './body.ts'

/** A connect that takes longer has failed: a replica is on this machine or in this cluster. */
const CONNECT_MS = 1000
/** A replica that does not say 100 in this time is sent the body all the same (RFC 9110 10.1.1). */
const CONTINUE_MS = 1000
/** Kept connections idle for longer are closed by us, before the replica's side does it (5 s in Node). */
const IDLE_MS = 4000

/** A replica's traffic address and its own pool of kept connections. */
export class Upstream {
  readonly replica: string
  readonly address: string
  readonly host: string
  readonly port: number
  readonly agent: Agent

  constructor(replica: string, address: string) {
    this.replica = replica
    this.address = address
    const { host, port } = splitAddress(address)
    this.host = host
    this.port = port
    this.agent = new Agent({
      keepAlive: true,
      maxFreeSockets: 256,
      timeout: IDLE_MS,
    })
  }

  /** Closes idle connections now and busy ones when they become idle. */
  retire(): void {
    this.agent.maxFreeSockets = 0
    for (const sockets of Object.values(this.agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy()
    }
  }

  close(): void {
    this.agent.destroy()
  }
}

export interface Sending {
  abort(): void
}

export interface SendingEvents {
  /** The connection stands: from here on the replica may have seen it. */
  connected(): void
  answered(response: IncomingMessage): void
  /** No answer. `sent` is false when not a byte can have reached the replica. */
  failed(error: Error, sent: boolean): void
}

/** One try at a replica. Exactly one of answered and failed is called, unless aborted before. */
export function send(
  to: Upstream,
  head: Head,
  own: Record<string, string>,
  body: ReplayBody,
  events: SendingEvents,
): Sending {
  const asks = asksFirst(head)
  const asked = request({
    host: to.host,
    port: to.port,
    agent: to.agent,
    method: head.method,
    path: head.target,
    headers: {
      ...head.headers,
      ...framing(head),
      ...own,
      ...(asks ? { expect: '100-continue' } : {}),
    },
  })
  let over = false
  let sent = false
  const end = (): boolean => {
    if (over) return false
    over = true
    return true
  }
  asked.once('response', response => {
    if (end()) events.answered(response)
  })
  asked.once('error', error => {
    body.detach()
    if (end()) events.failed(error, sent)
  })
  whenConnected(asked, () => {
    sent = true
    if (over) return
    events.connected()
    if (asks) afterContinue(asked, () => body.feed(asked))
    else body.feed(asked)
  })
  return {
    abort() {
      over = true
      body.detach()
      asked.destroy()
    },
  }
}

/** A body that the replay buffer can't hold is sent after admission only. */
function asksFirst(head: Head): boolean {
  return (
    head.body.kind === 'chunked' || (head.body.kind === 'length' && head.body.bytes > REPLAY_BYTES)
  )
}

function framing(head: Head): Record<string, string> {
  if (head.body.kind === 'chunked') return { 'transfer-encoding': 'chunked' }
  if (head.body.kind === 'length') return { 'content-length': String(head.body.bytes) }
  return ['POST', 'PUT', 'PATCH'].includes(head.method) ? { 'content-length': '0' } : {}
}

function whenConnected(asked: ClientRequest, connected: () => void): void {
  asked.once('socket', socket => {
    if (!socket.connecting) return connected()
    const timer = setTimeout(() => {
      asked.destroy(new Error(`no connection within ${CONNECT_MS} ms`))
    }, CONNECT_MS)
    socket.once('connect', () => {
      clearTimeout(timer)
      connected()
    })
    socket.once('close', () => clearTimeout(timer))
  })
}

function afterContinue(asked: ClientRequest, feed: () => void): void {
  let fed = false
  const once = (): void => {
    clearTimeout(timer)
    if (!fed && !asked.destroyed) feed()
    fed = true
  }
  const timer = setTimeout(once, CONTINUE_MS)
  asked.once('continue', once)
  asked.once('response', () => clearTimeout(timer))
  asked.once('close', () => clearTimeout(timer))
  asked.flushHeaders()
}
