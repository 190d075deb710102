import { constants, type ClientHttp2Stream, type Http2Stream } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { addAbortSignal } from 'node:stream'
import type { Outlet } from '../../../core/carry/unread.ts'
import type { Clock } from '../../../core/runtime/clock.ts'
import type { Desk } from '../../desk.ts'
import { events } from '../events.ts'
import { ClientTime } from '../../../core/carry/client-time.ts'
import { cleaned } from './head.ts'

/**
 * Resets a stream (CANCEL). Its own `close` would first end what is being sent, and the model might take
 * the half of a body for a whole one.
 */
export function cancel(asked: Http2Stream | null): void {
  if (asked !== null) addAbortSignal(AbortSignal.abort(), asked)
}

/** The code for the client of an answer that breaks off: the model's, unless that says that nothing is wrong. */
export function brokenOff(asked: ClientHttp2Stream | null): number {
  const code = asked?.rstCode ?? 0
  const fine = code === constants.NGHTTP2_NO_ERROR || code === constants.NGHTTP2_CANCEL
  return fine ? constants.NGHTTP2_INTERNAL_ERROR : code
}

/** Those of a request, which may come before there is a stream to send them on. */
export interface Trailers {
  came: IncomingHttpHeaders
}

export function trailersOf(stream: ServerHttp2Stream): Trailers {
  const trailers: Trailers = { came: {} }
  stream.once('trailers', came => (trailers.came = cleaned(came)))
  return trailers
}

/** The body of a request on its way to the model, as it comes and as fast as the model takes it. */
export class Upload {
  readonly time: ClientTime
  /** Some of it is gone, so it can't be sent again. */
  spent = false
  /** When some of it last came, ms. */
  movedMs = performance.now()
  private readonly stream: ServerHttp2Stream

  constructor(
    stream: ServerHttp2Stream,
    asked: ClientHttp2Stream,
    trailers: Trailers | null,
    clock: Clock,
  ) {
    this.stream = stream
    this.time = new ClientTime(clock)
    if (trailers !== null) asked.on('wantTrailers', () => asked.sendTrailers(trailers.came))
    if (stream.readableEnded) asked.end()
    else this.start(asked)
  }

  private start(asked: ClientHttp2Stream): void {
    const { stream } = this
    stream.on('data', (chunk: Buffer) => {
      this.spent = true
      this.movedMs = performance.now()
      const more = asked.write(chunk)
      this.time.waits(more)
      if (more) return
      stream.pause()
      asked.once('drain', () => this.resume())
    })
    stream.on('end', () => {
      this.time.waits(false)
      asked.end()
    })
  }

  private resume(): void {
    this.time.waits(true)
    this.movedMs = performance.now()
    this.stream.resume()
  }

  /** It is the client's turn to send. */
  get owes(): boolean {
    return !this.stream.readableEnded && !this.stream.isPaused()
  }

  /** It goes to the model no longer. */
  stop(): void {
    this.stream.removeAllListeners('data').removeAllListeners('end')
  }
}

/** The body of an answer on its way to the client, and the trailers behind it. */
export class Download implements Outlet {
  trailers: IncomingHttpHeaders = {}
  /** When the model last sent some of it, ms. */
  movedMs = performance.now()
  bytesWritten = 0
  private readonly desk: Pick<Desk, 'clock' | 'unread'>
  private readonly asked: ClientHttp2Stream
  private readonly stream: ServerHttp2Stream
  private sum = 0
  private pausedAt: number | null = null
  private stopped = false

  constructor(
    asked: ClientHttp2Stream,
    stream: ServerHttp2Stream,
    desk: Pick<Desk, 'clock' | 'unread'>,
  ) {
    this.asked = asked
    this.stream = stream
    this.desk = desk
    desk.unread.add(this)
  }

  get writableLength(): number {
    return this.stream.writableLength
  }

  get destroyed(): boolean {
    return this.stream.destroyed
  }

  /** With what the client has not taken: its own `close` would wait until that is sent. */
  destroy(): void {
    cancel(this.stream)
  }

  once(event: 'close', then: () => void): void {
    this.stream.once(event, then)
  }

  /** Calls `whole` at the model's last byte. `count`: told the events of an event stream. */
  start(count: ((events: number) => void) | null, whole: () => void): void {
    const { asked, stream } = this
    asked.on('trailers', came => (this.trailers = cleaned(came)))
    asked.on('data', (chunk: Buffer) => {
      if (count !== null) count(events(chunk))
      this.movedMs = performance.now()
      if (this.stopped) return
      this.bytesWritten += chunk.length
      if (stream.write(chunk)) return
      this.desk.unread.left(stream.writableLength, () => performance.now())
      this.pausedAt = this.desk.clock.us()
      asked.pause()
      stream.once('drain', () => this.resume())
    })
    asked.on('end', () => {
      // Its session died: what has come is not all.
      if (!asked.destroyed) whole()
    })
  }

  /** us that the model had to wait for the client. */
  get pausedUs(): number {
    return this.sum + (this.pausedAt === null ? 0 : this.desk.clock.us() - this.pausedAt)
  }

  stop(): void {
    this.stopped = true
  }

  /** Ends what has begun with these trailers, whatever the model would have said. */
  endWith(trailers: IncomingHttpHeaders): void {
    this.stopped = true
    this.trailers = trailers
    if (!this.stream.writableEnded) this.stream.end()
  }

  private resume(): void {
    this.sum = this.pausedUs
    this.pausedAt = null
    this.asked.resume()
  }
}
