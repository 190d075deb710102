import { constants, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { H2Bounds } from '../../bounds.ts'

/** What a session of a client may do beside asking. */
type GuestBounds = Pick<H2Bounds, 'idleTimeoutMs' | 'controlBurst' | 'controlRate'>

/** A client that was told to go, or does not read that its streams are no more, has this long with nothing open, ms. */
const LINGER_MS = 1000
const FLOOD = new Error('a flood of frames that are to be answered')
/** A session that is new has its first stream on its way, ms. */
const NEW_MS = 500

/** One session of a client: when it rests, when it has to go, and that it asks for no more than it should. */
export class Guest {
  private readonly session: ServerHttp2Session
  private readonly socket: Socket
  private readonly bounds: GuestBounds
  private open = 0
  private readonly bornMs = performance.now()
  /** When its last stream ended, or it was told to go, ms. */
  private sinceMs = this.bornMs
  /** PING and SETTINGS that it may still send now. */
  private tokens: number
  private tokensMs = this.bornMs
  private flooded = false

  constructor(session: ServerHttp2Session, socket: Socket, bounds: GuestBounds) {
    this.session = session
    this.socket = socket
    this.bounds = bounds
    this.tokens = bounds.controlBurst
    // What is wrong with it is told to it by nghttp2.
    session.on('error', () => undefined)
    session.on('ping', () => this.spend())
    session.on('remoteSettings', () => this.spend())
  }

  began(): void {
    this.open++
  }

  ended(): void {
    this.open--
    this.sinceMs = performance.now()
  }

  /** Takes no new streams (GOAWAY), and ends with its last one. */
  leave(): void {
    if (this.session.closed) return
    this.sinceMs = performance.now()
    this.session.close()
  }

  destroy(): void {
    this.session.destroy()
  }

  look(nowMs: number, draining: boolean): void {
    const quiet = this.open === 0 ? nowMs - this.sinceMs : 0
    const { closed } = this.session
    if (quiet > LINGER_MS && (closed || this.stuck)) this.socket.destroy()
    else if (closed) return
    else if (quiet > this.bounds.idleTimeoutMs) this.leave()
    else if (draining && nowMs - this.bornMs > NEW_MS) this.leave()
  }

  /** It reads nothing: what was sent of streams that are no more still lies here, below what Node counts. */
  private get stuck(): boolean {
    const handle: unknown = Reflect.get(this.socket, '_handle')
    return (
      typeof handle === 'object' &&
      handle !== null &&
      Number(Reflect.get(handle, 'writeQueueSize')) > 0
    )
  }

  /** A client that sends nothing but frames to be answered. */
  private spend(): void {
    const { controlBurst, controlRate } = this.bounds
    const nowMs = performance.now()
    const earned = ((nowMs - this.tokensMs) * controlRate) / 1000
    this.tokensMs = nowMs
    this.tokens = Math.min(controlBurst, this.tokens + earned) - 1
    if (this.tokens >= 0 || this.flooded) return
    this.flooded = true
    // Not while nghttp2 reads: Node 26.8 does not survive that (nodejs/node 64850).
    setImmediate(() => this.session.destroy(FLOOD, constants.NGHTTP2_ENHANCE_YOUR_CALM))
  }
}
