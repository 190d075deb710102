import type { Inputs } from '../../core/model/decision.ts'

/** Bytes that inputs may take in a record at first; what proposals, bounds and reasons add is a few kB. */
export const INPUT_BYTES = 44_000

/**
 * Inputs that fit: the oldest evidence goes first, then half the outliers (every second one, so that both
 * the least loaded and the most loaded stay), the names of missing replicas, causes, the older seconds.
 * Trimmed before the decision is made, so that what is recorded is what was looked at.
 */
export function fit(inputs: Inputs, bytes: number = INPUT_BYTES): Inputs {
  let out = inputs
  for (const step of steps) {
    for (let next = step(out); sizeOf(out) > bytes && next !== null; next = step(out)) out = next
  }
  return out
}

/** Each gives smaller inputs, or null when there is nothing more to take. */
const steps: ((inputs: Inputs) => Inputs | null)[] = [
  i =>
    i.folds.length === 0 ? null : { ...i, folds: i.folds.slice(Math.ceil(i.folds.length / 8)) },
  i =>
    i.outliers.length <= 4 ? null : { ...i, outliers: i.outliers.filter((_, n) => n % 2 === 0) },
  i => (i.missing.length <= 4 ? null : { ...i, missing: i.missing.slice(0, 4) }),
  i => (i.causes.length === 0 ? null : { ...i, causes: [] }),
  i =>
    i.offeredPerSecond.length <= 20
      ? null
      : { ...i, offeredPerSecond: i.offeredPerSecond.slice(-20) },
]

/** Canonical JSON has the same bytes in another order. */
function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}
