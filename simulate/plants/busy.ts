/** How much of the time something was busy, between two looks. Times are us. */
export class Busy {
  private us = 0
  private sinceUs: number | null = null

  add(fromUs: number, untilUs: number, busy: boolean): void {
    this.sinceUs ??= busy ? fromUs : untilUs
    if (busy) this.us += untilUs - fromUs
  }

  permille(nowUs: number): number {
    const length = nowUs - (this.sinceUs ?? nowUs)
    const share = length > 0 ? this.us / length : 0
    this.us = 0
    this.sinceUs = nowUs
    return Math.min(1000, Math.round(share * 1000))
  }
}
