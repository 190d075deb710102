import type { ReasonCode } from '../../../core/model/reasons.ts'

/** What a bound makes of a need (replicas x 1000), and why, where it is worth a sentence. */
export interface Bounded {
  milli: number
  numbers: Record<string, number>
  /** Said whether or not the bound changed the need. */
  reason: ReasonCode | null
}

/** Replicas that a need (replicas x 1000) takes. */
export function count(milli: number): number {
  return Math.ceil(milli / 1000)
}

/** A bound that leaves the need as it is. */
export function unchanged(milli: number, numbers: Record<string, number> = {}): Bounded {
  return { milli, numbers, reason: null }
}
