import { connect, type ClientHttp2Session, type ClientHttp2Stream, type Settings } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import type { Address } from '../../../core/runtime/environment.ts'
import { bracketed } from '../../../core/runtime/listen.ts'

/**
 * Kept sessions of HTTP/2 to the model, with prior knowledge. One is enough until it carries as many streams as the
 * model takes on one (SETTINGS_MAX_CONCURRENT_STREAMS); then there is a further one. A session that the model ends
 * (GOAWAY) gets no more streams, and those that it has finish.
 */
export interface ModelBounds {
  headBytes: number
  headers: number
}

export type Asked =
  | { session: Session; error: null }
  /** Nothing was sent. */
  | { session: null; error: Error }

type Told = (asked: Asked) => void

/** How long the model's first SETTINGS may take: what speaks HTTP/1.1 sends none. */
const SETTINGS_MS = 5000
const IDLE_MS = 30_000
/** Windows of a session and of a stream, bytes: what may be under way of bodies that nobody reads. */
export const SESSION_WINDOW = 1 << 20
export const STREAM_WINDOW = 1 << 16
/** MB that a session may take. Streams towards the model are as many as the limit lets in. */
const MODEL_MEMORY = 1000

export class Session {
  readonly http2: ClientHttp2Session
  open = 0
  /** Since when it has no stream, ms. */
  idleMs = 0
  /** Streams that the model takes at a time; 0 until it has said so. */
  most = 0
  private readonly over: () => void

  constructor(http2: ClientHttp2Session, over: () => void) {
    this.http2 = http2
    this.over = over
  }

  get free(): boolean {
    return this.open < this.most && !this.http2.closed && !this.http2.destroyed
  }

  request(
    headers: Record<string, string | string[]>,
    options: { endStream: boolean; waitForTrailers: boolean },
    closed: (stream: ClientHttp2Stream) => void,
  ): ClientHttp2Stream {
    const stream = this.http2.request(headers, options)
    this.open++
    stream.on('close', () => {
      this.open--
      this.idleMs = performance.now()
      closed(stream)
      this.over()
    })
    return stream
  }
}

export class Sessions {
  private readonly app: Address
  private readonly bounds: ModelBounds
  private readonly all = new Set<Session>()
  /** Calls that no session has room for yet. */
  private readonly waiting: Told[] = []
  private opening = false

  constructor(app: Address, bounds: ModelBounds) {
    this.app = app
    this.bounds = bounds
  }

  get size(): number {
    return this.all.size
  }

  /** Tells at once where a session has room for one more. */
  take(told: Told): void {
    const session = this.free()
    if (session !== null) return told({ session, error: null })
    this.waiting.push(told)
    if (!this.opening) this.dial()
  }

  /** Ends those that rested long enough. */
  sweep(nowMs: number): void {
    for (const { http2, open, most, idleMs } of this.all) {
      if (most > 0 && open === 0 && nowMs - idleMs > IDLE_MS) http2.close()
    }
  }

  close(): void {
    for (const { http2 } of this.all) http2.destroy()
  }

  private free(): Session | null {
    for (const session of this.all) if (session.free) return session
    return null
  }

  private dial(): void {
    const { host, port } = this.app
    const http2 = connect(`http://${bracketed(host)}:${port}`, {
      createConnection: () => connectSocket({ host, port, noDelay: true }),
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: this.bounds.headBytes,
      },
      maxHeaderListPairs: this.bounds.headers + PSEUDO,
      maxSessionMemory: MODEL_MEMORY,
    })
    const session = new Session(http2, () => this.serve())
    this.all.add(session)
    this.opening = true
    let cause: Error = new Error('the connection closed before it spoke HTTP/2')
    let spoken = false
    const slow = setTimeout(() => http2.destroy(new Error('it does not speak HTTP/2')), SETTINGS_MS)
    http2.on('connect', () => {
      if (!http2.destroyed) http2.setLocalWindowSize(SESSION_WINDOW)
    })
    http2.on('remoteSettings', ({ maxConcurrentStreams = Infinity }: Settings) => {
      clearTimeout(slow)
      session.most = maxConcurrentStreams
      session.idleMs = performance.now()
      if (!spoken) this.opening = false
      spoken = true
      if (session.most === 0) this.failed(new Error('it takes no streams'))
      else this.serve()
    })
    http2.on('error', error => (cause = error))
    http2.once('close', () => {
      clearTimeout(slow)
      this.all.delete(session)
      if (spoken) this.serve()
      else this.failed(cause)
    })
  }

  /** Those that wait for the session that did not come. */
  private failed(error: Error): void {
    this.opening = false
    for (const told of this.waiting.splice(0)) told({ session: null, error })
  }

  /** Those that waited, as far as there is room now; for the others there is a further session. */
  serve(): void {
    while (this.waiting.length > 0) {
      const session = this.free()
      if (session === null) break
      this.waiting.shift()?.({ session, error: null })
    }
    if (this.waiting.length > 0 && !this.opening) this.dial()
  }
}

/** Pseudo-headers count among the headers that a head may have. */
export const PSEUDO = 4
