import type { IncomingMessage } from 'node:http'
import type { Writable } from 'node:stream'

/** A body up to this is kept, so that a request which a replica turned away can go to another. */
export const REPLAY_BYTES = 64 * 1024

/**
 * A request's body on its way to one replica after another: what was read so far is kept up to
 * REPLAY_BYTES and given again to the next; the rest streams with back-pressure. Nothing is read from the
 * client before a replica wants it.
 */
export class ReplayBody {
  private readonly request: IncomingMessage
  private readonly outgrown: () => void
  private kept: Buffer[] = []
  private size = 0
  private ended = false
  private sink: Writable | null = null
  private listening = false

  /** `outgrown` is told once, when the body can no longer be given again. */
  constructor(request: IncomingMessage, outgrown: () => void) {
    this.request = request
    this.outgrown = outgrown
  }

  /** The next replica takes it from its start. */
  feed(sink: Writable): void {
    this.sink = sink
    for (const chunk of this.kept) sink.write(chunk)
    if (this.ended) return void sink.end()
    this.listen()
    sink.on('drain', () => {
      if (this.sink === sink) this.request.resume()
    })
    this.request.resume()
  }

  /** That replica wants no more of it. What the client still sends waits. */
  detach(): void {
    if (this.sink !== null && this.listening && !this.ended) this.request.pause()
    this.sink = null
  }

  /** Nobody wants it: read and thrown away, so that the connection can go on. */
  discard(): void {
    this.sink = null
    this.kept = []
    this.request.resume()
  }

  private listen(): void {
    if (this.listening) return
    this.listening = true
    this.request.on('data', (chunk: Buffer) => this.take(chunk))
    this.request.once('end', () => {
      this.ended = true
      this.sink?.end()
    })
  }

  private take(chunk: Buffer): void {
    if (this.size <= REPLAY_BYTES) {
      this.size += chunk.length
      if (this.size <= REPLAY_BYTES) {
        this.kept.push(chunk)
      } else {
        this.kept = []
        this.outgrown()
      }
    }
    if (this.sink !== null && !this.sink.write(chunk)) this.request.pause()
  }
}
