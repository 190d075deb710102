/**
 * Tells calm from overload, after CoDel (RFC 8289) and "Fail at Scale" (ACM Queue, 2015): the oldest held
 * request has waited above a target for a whole interval, so the queue stands instead of absorbing a
 * burst. In calm the oldest goes first; in overload the newest that can still be on time.
 */
export class Overload {
  private aboveSinceUs: number | null = null
  private standing = false

  /** `headWaitUs` is null when nothing is held or no replica could take it: that is no overload. */
  see(headWaitUs: number | null, queueUs: number, nowUs: number): boolean {
    const targetUs = queueUs / 4
    const intervalUs = queueUs / 2
    if (headWaitUs === null || headWaitUs <= targetUs) {
      this.aboveSinceUs = null
      this.standing = false
    } else {
      this.aboveSinceUs ??= nowUs
      if (nowUs - this.aboveSinceUs >= intervalUs) this.standing = true
    }
    return this.standing
  }
}
