import { wordsOfError } from '../../core/runtime/log.ts'

/** What came of one try. `again` asks for another one while it is still wanted. */
export interface Tried {
  done: boolean
  again: boolean
  words: string
}

export interface ActuatorOptions<W> {
  /** One try; a rejection is tried again. Must end by itself (time-out). */
  attempt: (want: W) => Promise<Tried>
  /** After each try; `tries` counts those of this want. */
  answered?: (want: W, tried: Tried, ms: number, tries: number) => void
  superseded?: (want: W) => void
  firstDelayMs?: number
  longestDelayMs?: number
  /** Milliseconds, monotonic. */
  now?: () => number
  /** Runs something later; gives what to call to not do it. */
  after?: (ms: number, run: () => void) => () => void
}

/**
 * Brings one thing to what is wanted of it. The latest want wins, one try is in flight at a time, and a
 * failed one is tried again with growing delays for as long as nothing newer is wanted.
 */
export class Actuator<W> {
  private readonly options: ActuatorOptions<W>
  private next: { want: W; tries: number } | null = null
  private flying = false
  /** Ends the wait for the next try. */
  private cancel: (() => void) | null = null
  private stopped = false

  constructor(options: ActuatorOptions<W>) {
    this.options = options
  }

  hand(want: W): void {
    if (this.stopped) return
    if (this.next !== null) this.options.superseded?.(this.next.want)
    this.next = { want, tries: 0 }
    this.cancel?.()
    this.cancel = null
    this.go()
  }

  stop(): void {
    this.stopped = true
    this.next = null
    this.cancel?.()
  }

  private go(): void {
    if (this.flying || this.next === null || this.stopped) return
    const { next } = this
    this.next = null
    this.flying = true
    void this.once(next).finally(() => {
      this.flying = false
      if (this.cancel === null) this.go()
    })
  }

  private async once({ want, tries }: { want: W; tries: number }): Promise<void> {
    const { attempt, answered, now = () => performance.now() } = this.options
    const started = now()
    const tried = await attempt(want).catch((error: unknown): Tried => ({
      done: false,
      again: true,
      words: wordsOfError(error),
    }))
    if (this.stopped) return
    answered?.(want, tried, Math.round(now() - started), tries + 1)
    if (tried.done || !tried.again || this.next !== null) return
    const { firstDelayMs = 250, longestDelayMs = 5000, after = afterMs } = this.options
    this.next = { want, tries: tries + 1 }
    const ms = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(tries, 10))
    this.cancel = after(ms, () => {
      this.cancel = null
      this.go()
    })
  }
}

function afterMs(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
