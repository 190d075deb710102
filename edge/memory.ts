import { totalmem } from 'node:os'
import { clamp } from '../core/model/math.ts'

/** What a held request takes, bytes: its connection, and what the kernel and Node buffer of its body. */
export const HELD_BYTES = 152 * 1024
const LEAST = 64

/** Requests that one of `processes` may hold: half of the memory that there is, none of which swaps. */
export function mostHeld(processes: number): number {
  const given = process.constrainedMemory()
  const bytes = given > 0 ? Math.min(given, totalmem()) : totalmem()
  return clamp(Math.floor(bytes / 2 / processes / HELD_BYTES), LEAST, Infinity)
}
