/**
 * One replica's model in virtual time: what it does with the requests that it is given. Times are us.
 * It takes whatever it is given, as a real server does: how many that are is for a limit to say.
 */
export interface Model {
  /** Gives it a request. `kind` is the request's class, an index into the plant's classes (0 where there is one). */
  start(id: number, kind: number, nowUs: number): void
  /** The client of a request that it may have is gone: true where it stops work on it, and will not tell of its end. */
  leave?(id: number, nowUs: number): boolean
  /** When something happens next without anybody's doing; Infinity for never. */
  nextUs(): number
  /** What ended by now, in order; `nowUs` never falls and is at most `nextUs()`. */
  end(nowUs: number): readonly Ended[]
  /** Until when the model is down (it ran out of memory, it crashed), null while it is up. What it held has ended as failed. */
  downUntilUs(nowUs: number): number | null
  /** What can be measured of the time since the last call. */
  measure(nowUs: number): Measured
}

export interface Ended {
  id: number
  /** An answer, or a server error. */
  ok: boolean
  /** Tokens that it gave, 0 where it gives none. */
  tokens: number
}

/** null: the model shows none. */
export interface Measured {
  /** CPU us used, and cores x 1000 that it may use. */
  cpu: { us: number; quota: number } | null
  memoryPermille: number | null
  gpuPermille: number | null
  /** As an engine's metrics tell. */
  engine: { running: number; waiting: number; kvPermille: number; preemptions: number } | null
  /** Tokens given out; null where it gives none. */
  tokensOut: number | null
}

/** A model that shows nothing. */
export const UNSEEN: Measured = {
  cpu: null,
  memoryPermille: null,
  gpuPermille: null,
  engine: null,
  tokensOut: null,
}
