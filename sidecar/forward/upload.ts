import type { Readable, Writable } from 'node:stream'
import { ClientTime } from '../../core/carry/client-time.ts'
import type { Clock } from '../../core/runtime/clock.ts'

/** Sends a body to the model with back-pressure. */
export function upload(body: Readable, to: Writable, clock: Clock): ClientTime {
  const time = new ClientTime(clock)
  body.pipe(to)
  // After the pipe's own listener: whether the model is behind is known by then.
  body.on('data', () => time.waits(!to.writableNeedDrain))
  to.on('drain', () => time.waits(!body.readableEnded))
  body.once('end', () => time.waits(false))
  return time
}
