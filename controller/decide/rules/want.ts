import type { ReasonCode } from '../../../core/model/reasons.ts'

/** What one rule wants: replicas x 1000, and the numbers that led to it. Rules are named as their reasons. */
export interface Want {
  rule: ReasonCode
  needMilli: number
  /** Of it, what is left when the backlog is served; all of it where nothing is said. */
  lastingMilli?: number
  numbers: Record<string, number>
}
