/** Longer than that between two records nobody wrote, or a clock was wrong. ms */
const MOST_GAP = 86_400_000

/**
 * How old records are, by the times of all records and by no clock. Records are written each minute, so a gap counts
 * as a day at most: with a clock that is set ahead, or wrong at a start, nothing is old at once, now or later.
 */
export class Lived {
  private newest = 0
  /** What gaps had beyond that, ms, and the seq of the record behind each. */
  private readonly leaps: { seq: number; ms: number }[] = []

  /** Record after record, in their order. */
  take(seq: number, time: number): void {
    const beyond = time - this.newest - MOST_GAP
    if (this.newest > 0 && beyond > 0) this.leaps.push({ seq, ms: beyond })
    this.newest = Math.max(this.newest, time)
  }

  /** Age of a record, ms. */
  ageOf(seq: number, time: number): number {
    const since = this.leaps.filter(leap => leap.seq > seq)
    return since.reduce((age, { ms }) => age - ms, this.newest - time)
  }
}
