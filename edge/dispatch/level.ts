/** How many there are over time: integral in requests x us, largest, and at the end. */
export class Level {
  private value = 0
  private most = 0
  private integral = 0
  private sinceUs: number

  constructor(nowUs: number) {
    this.sinceUs = nowUs
  }

  set(value: number, nowUs: number): void {
    this.advance(nowUs)
    this.value = value
    if (value > this.most) this.most = value
  }

  /** Of the time since the last take. */
  take(nowUs: number): { integral: number; max: number; end: number } {
    this.advance(nowUs)
    const taken = { integral: this.integral, max: this.most, end: this.value }
    this.integral = 0
    this.most = this.value
    return taken
  }

  private advance(nowUs: number): void {
    this.integral += this.value * Math.max(0, nowUs - this.sinceUs)
    this.sinceUs = Math.max(this.sinceUs, nowUs)
  }
}
