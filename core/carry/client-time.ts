import type { Clock } from '../runtime/clock.ts'

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
