import type { ServerHttp2Stream } from 'node:http2'
import type { Download, Upload } from './bodies.ts'

/** For how long nothing of a stream has moved, either way. */
export class Quiet {
  /** Bytes that were not sent to the client yet when it was last looked at: it gives no window for them. */
  unsent = 0
  private movedMs = performance.now()

  /** ms. */
  look(
    nowMs: number,
    stream: ServerHttp2Stream,
    upload: Upload | null,
    download: Download | null,
  ): number {
    const unsent = stream.bufferSize
    if (unsent !== this.unsent) this.movedMs = nowMs
    this.unsent = unsent
    // What the model sends does not excuse a client that takes nothing.
    const sent = unsent > 0 ? 0 : (download?.movedMs ?? 0)
    return nowMs - Math.max(this.movedMs, upload?.movedMs ?? 0, sent)
  }
}
