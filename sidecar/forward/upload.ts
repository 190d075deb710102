import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../../core/runtime/clock.ts'

/**
 * Sends a body to the model with back-pressure. What it gives tells for how many us so far the model had
 * read all that there was and the client sent nothing: a slow upload is not a slow model.
 */
export function upload(body: Readable, to: Writable, clock: Clock): () => number {
  let waitedUs = 0
  let since: number | null = clock.us()
  const waits = (now: boolean): void => {
    const us = clock.us()
    if (since !== null) waitedUs += us - since
    since = now ? us : null
  }
  body.pipe(to)
  // After the pipe's own listener: whether the model is behind is known by then.
  body.on('data', () => waits(!to.writableNeedDrain))
  to.on('drain', () => waits(!body.readableEnded))
  body.once('end', () => waits(false))
  return () => waitedUs + (since === null ? 0 : clock.us() - since)
}
