const SECOND = 1_000_000

/** What Knative's autoscaler and activator know of each other, for one revision. */
export class Proxied {
  /** The autoscaler's word: requests go through the activator. A new revision begins so. */
  through = true
  private count = 0
  private integral = 0
  private movedUs = 0
  private takenUs = 0

  /** The activator has passed one on (1), or one of those has ended (-1). */
  move(by: 1 | -1, nowUs: number): void {
    this.settle(nowUs)
    this.count += by
  }

  /** Ends a second, the first of them the run's: requests x us that were in pods by way of the activator. */
  take(): number {
    this.takenUs = Math.max(this.movedUs, this.takenUs + SECOND)
    this.settle(this.takenUs)
    const { integral } = this
    this.integral = 0
    return integral
  }

  private settle(nowUs: number): void {
    this.integral += this.count * Math.max(0, nowUs - this.movedUs)
    this.movedUs = Math.max(this.movedUs, nowUs)
  }
}
