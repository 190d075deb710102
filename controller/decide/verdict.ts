import type { BoundStep, Outcome, Proposal, Reason } from '../../core/model/decision.ts'

/** What a decision says: who wanted what, what bounded it, what comes of it, and why. */
export interface Verdict {
  proposals: Proposal[]
  bounds: BoundStep[]
  outcome: Outcome
  reasons: Reason[]
}
