import type { IncomingMessage, ServerResponse } from 'node:http'
import { endToEnd } from '../core/http/head.ts'
import type { Clock } from '../core/runtime/clock.ts'

export interface Relayed {
  /** Every byte came from the replica; false: it died on the way, or the client left. */
  complete: boolean
  /** us that the replica had to wait for the client. */
  pausedUs: number
}

/** Streams an answer with back-pressure. Calls `over` once: at the replica's last byte, or when a side is gone. */
export function relay(
  from: IncomingMessage,
  to: ServerResponse,
  added: readonly string[],
  clock: Clock,
  over: (relayed: Relayed) => void,
): void {
  let pausedUs = 0
  let pausedAt: number | null = null
  let ended = false
  const resume = (): void => {
    if (pausedAt !== null) pausedUs += clock.us() - pausedAt
    pausedAt = null
  }
  const end = (complete: boolean): void => {
    if (ended) return
    ended = true
    resume()
    over({ complete, pausedUs })
  }
  to.writeHead(from.statusCode ?? 502, from.statusMessage ?? '', [
    ...endToEnd(from.rawHeaders),
    ...added,
  ])
  // The head goes with the first bytes where they are there already, else by itself (event streams).
  setImmediate(() => {
    if (!to.writableEnded && !to.destroyed) to.flushHeaders()
  })
  to.on('drain', () => {
    resume()
    from.resume()
  })
  to.once('close', () => {
    from.destroy()
    end(false)
  })
  from.on('data', (chunk: Buffer) => {
    if (to.write(chunk)) return
    pausedAt ??= clock.us()
    from.pause()
  })
  from.once('end', () => {
    end(from.complete)
    if (from.complete) to.end()
    else to.destroy()
  })
  from.once('error', () => {
    end(false)
    // Cut off, so that the client sees an answer that is not whole.
    to.destroy()
  })
}
