import { performance } from 'node:perf_hooks'

/** Time for the impure rooms: monotonic inside, UTC as a label, so that a clock that jumps moves nothing. */
export interface Clock {
  /** Monotonic us. */
  us(): number
  /** ms since 1970: UTC at start plus monotonic time since. Never goes back. */
  now(): number
}

/** `performance` is imported, since the global is a getter: this is read with each request. */
export function systemClock(): Clock {
  const startedAt = Date.now()
  const started = performance.now()
  return {
    us: () => Math.round(performance.now() * 1000),
    now: () => startedAt + Math.round(performance.now() - started),
  }
}
