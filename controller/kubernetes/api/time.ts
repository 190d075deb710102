/** Time and chance of what goes on by itself; tests give their own. */
export interface Time {
  /** Monotonic ms. */
  now(): number
  /** Runs something later; gives what to call to not do it. */
  after(ms: number, run: () => void): () => void
  /** From 0 to below 1. */
  random(): number
}

export const systemTime: Time = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}

/** Doubles from `firstMs` to `mostMs`, times 0.5 to 1.5: what failed together is not tried again together. */
export function backOff(tries: number, firstMs: number, mostMs: number, random: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(tries, 20)) * (0.5 + random)
}

/** metav1.MicroTime has exactly six digits. */
export function microTime(utc: number): string {
  return new Date(utc).toISOString().replace('Z', '000Z')
}
