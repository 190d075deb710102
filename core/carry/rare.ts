import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { LANE } from '../model/tables.ts'

/** What a connection is used for: requests without their answers yet, or since when it rests (ms). */
interface Use {
  open: number
  sinceMs: number
  last: { request: IncomingMessage; response: ServerResponse } | null
  /** What comes next can't be read: node:http loses bytes behind an upgrade that it was told to leave. */
  final: boolean
}

const answers: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/**
 * The connections that node:http reads, and what is under way on each. It reads the next request while the one before
 * waits for its answer, so nothing may be said past that answer: it would be taken for it.
 */
export class Rare {
  private readonly uses = new Map<Duplex, Use>()
  private readonly now: () => number

  /** `now`: ms, monotonic. */
  constructor(server: Server, now: () => number) {
    this.now = now
    server.on('connection', (socket: Socket) => {
      this.uses.set(socket, { open: 0, sinceMs: now(), last: null, final: false })
      socket.once('close', () => this.uses.delete(socket))
    })
    server.on('connect', (_request, socket) => this.refuse(socket, '501 Not Implemented'))
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code === 'ECONNRESET') socket.destroy()
      else this.refuse(socket, answers[error.code ?? ''] ?? '400 Bad Request')
    })
  }

  get size(): number {
    return this.uses.size
  }

  /**
   * Only a WebSocket upgrade without a body is one, and only where nothing is under way: all else is read as a
   * request, without its Upgrade.
   */
  upgrades(request: IncomingMessage): boolean {
    const { method, headers, socket } = request
    const body =
      headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined
    const known = headers.upgrade?.toLowerCase() === 'websocket' || headers.upgrade === LANE
    const plain = method === 'GET' && known && !body
    return plain && (this.uses.get(socket)?.open ?? 0) === 0
  }

  /** It is a tunnel now, which is closed by itself. */
  forget(socket: Duplex): void {
    this.uses.delete(socket)
  }

  /** Closes those that rest since then. */
  closeResting(sinceMs: number): void {
    for (const [socket, use] of this.uses) {
      if (use.open === 0 && use.sinceMs <= sinceMs) socket.destroy()
    }
  }

  /** To be told of each request, first; false: it may not be one, and nothing is done about it. */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    const use = this.uses.get(request.socket)
    if (use === undefined || use.final) return false
    use.open++
    use.last = { request, response }
    use.final = request.headers.upgrade !== undefined
    if (use.final) response.shouldKeepAlive = false
    response.once('close', () => {
      use.open--
      use.sinceMs = this.now()
      if (use.last?.response === response) use.last = null
    })
    return true
  }

  private refuse(socket: Duplex, status: string): void {
    socket.on('error', () => socket.destroy())
    const { open, last } = this.uses.get(socket) ?? { open: 0, last: null }
    const ownBody = open === 1 && last?.request.complete === false && !last.response.headersSent
    if ((open > 0 && !ownBody) || !socket.writable) return void socket.destroy()
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  }
}
