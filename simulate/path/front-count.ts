/** Of a while in front of the pods: requests that came, and those that waited (requests x us, and at the end). */
export interface FrontSecond {
  arrived: number
  waitingIntegral: number
  waitingEnd: number
}

/** Counts what monitoring sees of a front. */
export class FrontCount {
  arrived = 0
  private waiting = 0
  private integral = 0
  private movedUs = 0

  /** From now on so many wait. */
  moved(waiting: number, nowUs: number): void {
    this.integral += this.waiting * (nowUs - this.movedUs)
    this.movedUs = nowUs
    this.waiting = waiting
  }

  take(waiting: number, nowUs: number): FrontSecond {
    this.moved(waiting, nowUs)
    const taken = { arrived: this.arrived, waitingIntegral: this.integral, waitingEnd: waiting }
    this.arrived = 0
    this.integral = 0
    return taken
  }
}
