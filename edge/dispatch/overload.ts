/**
 * The interval is half the queue deadline, about a service time; the target a tenth of it, as RFC 8289 (4.3) has it.
 * Neither is longer than for requests of 200 ms: whoever waits for 100 ms notices it, however long the answer takes.
 */
const INTERVAL_PART = 2
const MOST_INTERVAL_US = 200_000
const TARGET_PART = 20
const MOST_TARGET_US = 20_000

/**
 * Tells calm from overload, after CoDel (RFC 8289) and "Fail at Scale" (ACM Queue, 2015): the oldest held
 * request has waited above a target for a whole interval, so the queue stands instead of absorbing a
 * burst. In calm the oldest goes first; in overload the newest that can still be on time. A queue that stands low
 * makes everybody wait, and who goes first some.
 */
export class Overload {
  private aboveSinceUs: number | null = null
  private standing = false

  /** `headWaitUs` is null when nothing is held or no replica could take it: that is no overload. */
  see(headWaitUs: number | null, queueUs: number, nowUs: number): boolean {
    const targetUs = Math.min(MOST_TARGET_US, queueUs / TARGET_PART)
    const intervalUs = Math.min(MOST_INTERVAL_US, queueUs / INTERVAL_PART)
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
