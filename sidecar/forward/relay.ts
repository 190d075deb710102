import type { IncomingMessage, ServerResponse } from 'node:http'
import { endToEnd } from '../../core/http/head.ts'
import type { Desk } from '../desk.ts'
import { events } from './events.ts'

/** How an answer's way from the model to the client ended. */
export interface Relayed {
  /** Every byte came from the model; false: it died on the way, or the client did. */
  complete: boolean
  /** us that the model had to wait for the client. */
  pausedUs: number
}

/**
 * Streams an answer, with back-pressure and without buffering. Resolves at the model's last byte, or
 * when either side is gone. `added`: headers of our own, name, value, name, value.
 */
export function relay(
  from: IncomingMessage,
  to: ServerResponse,
  added: readonly string[],
  { clock, unread }: Pick<Desk, 'clock' | 'unread'>,
  tokens: (count: number) => void,
): Promise<Relayed> {
  const { promise, resolve } = Promise.withResolvers<Relayed>()
  const count = isEventStream(from) ? tokens : null
  let pausedUs = 0
  let pausedAt: number | null = null
  const end = (complete: boolean): void => {
    if (pausedAt !== null) pausedUs += clock.us() - pausedAt
    pausedAt = null
    resolve({ complete, pausedUs })
  }
  if (to.headersSent || to.destroyed) {
    // Gone, or answered already (a body that never came).
    from.destroy()
    end(false)
    return promise
  }
  to.writeHead(from.statusCode ?? 502, from.statusMessage ?? '', [
    ...endToEnd(from.rawHeaders),
    ...added,
  ])
  // The head goes with the first bytes where they are there already, else by itself (event streams).
  setImmediate(() => {
    if (!to.writableEnded) to.flushHeaders()
  })
  to.on('drain', () => {
    if (pausedAt !== null) pausedUs += clock.us() - pausedAt
    pausedAt = null
    from.resume()
  })
  to.once('close', () => {
    if (!from.complete) from.destroy()
    end(false)
  })
  from.on('data', (chunk: Buffer) => {
    if (count !== null) count(events(chunk))
    if (to.write(chunk)) return
    unread.left(to.writableLength, () => performance.now())
    pausedAt ??= clock.us()
    from.pause()
  })
  from.once('end', () => end(from.complete))
  from.once('error', () => end(false))
  return promise
}

/** Ends the client's answer; one that is not whole is cut off, so that the client sees it. */
export function endAnswer(to: ServerResponse, complete: boolean): void {
  if (complete) to.end()
  else to.destroy()
}

function isEventStream(response: IncomingMessage): boolean {
  return response.headers['content-type']?.startsWith('text/event-stream') ?? false
}
