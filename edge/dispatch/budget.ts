/**
 * Retry budget (as in Finagle and Linkerd): each arrival earns a tenth of a retry, so retries never add
 * more than a tenth to the load, however many replicas fail. Counted in 1/1000 of a retry.
 */
export const BUDGET = {
  /** What one arrival earns. */
  earnedMilli: 100,
  /** What a fresh edge may spend: it has seen no arrivals yet. */
  startMilli: 20_000,
  /** More is not saved up. */
  mostMilli: 100_000,
} as const

export class RetryBudget {
  private milli: number = BUDGET.startMilli

  earn(): void {
    this.milli = Math.min(BUDGET.mostMilli, this.milli + BUDGET.earnedMilli)
  }

  /** True when there was a retry to spend. */
  spend(): boolean {
    if (this.milli < 1000) return false
    this.milli -= 1000
    return true
  }
}
