import type { Sample } from './sample.ts'
import { UNCOUNTED } from './window.ts'

/** Seconds that a replica at rest leaves out after each sample: that makes one in ten. */
export const REST_SECONDS = 9

const SECOND_US = 1_000_000

/**
 * The `nth` second (from 1) after a sample that says it rests, as a sample of its own: the sidecar's own CPU is in
 * the next one that is sent, whose second this is not.
 */
export function restingSecond(sample: Sample, nth: number): Sample {
  const second: Sample = {
    ...sample,
    seq: sample.seq + nth,
    start: sample.start + nth * 1000,
    us: SECOND_US,
    ...UNCOUNTED,
    occupancy: [[0, SECOND_US, 0, 0]],
    tokens: sample.tokens === null ? null : { in: 0, out: 0 },
    self: { ...sample.self, cpuUs: 0, delayUs: 0 },
    causes: [],
  }
  delete second.rest
  return second
}
