import { performance } from 'node:perf_hooks'

/** How time passes: ms, monotonic, and what is done after so many; the function given back prevents it. */
export interface Time {
  now(): number
  after(ms: number, then: () => void): () => void
  /** When all that has come at once was worked on. */
  later(then: () => void): void
}

export const realTime: Time = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
  later: setImmediate,
}
