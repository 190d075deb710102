import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../../core/runtime/clock.ts'

/**
 * For how many us so far the model had read all that there was of a body and the client sent nothing: a slow
 * upload is not a slow model. Waits from its making on.
 */
export class ClientTime {
  private readonly clock: Clock
  private sum = 0
  private since: number | null

  constructor(clock: Clock) {
    this.clock = clock
    this.since = clock.us()
  }

  get us(): number {
    return this.sum + (this.since === null ? 0 : this.clock.us() - this.since)
  }

  waits(now: boolean): void {
    const us = this.clock.us()
    if (this.since !== null) this.sum += us - this.since
    this.since = now ? us : null
  }
}

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
