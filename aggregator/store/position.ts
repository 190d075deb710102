/** Where a sample belongs on our clock: seconds since 1970, by its sender's clock and how far that is off. */

/** Clocks closer than this are taken for equal: a late answer looks like a small offset. */
const SAME_MS = 250
/** A clock that moved more than this since its offset was measured was set anew. */
const STEPPED_MS = 1000

/**
 * ms to add to the sender's clock to get ours. The sender looked at its clock (`theirs`) somewhere between
 * our asking and its answer's arrival, so a slow answer alone never counts as an offset.
 */
export function offsetOf(asked: number, answered: number, theirs: number): number {
  const least = asked - theirs
  const most = answered - theirs
  const nearestToNone = Math.max(least, Math.min(0, most))
  if (Math.abs(nearestToNone) < SAME_MS) return 0
  return Math.round((least + most) / 2)
}

/** The offset of each life of a sender: measured once, so that reconnecting moves no sample. */
export class Offsets {
  private readonly byBoot = new Map<string, number>()
  private measured = 0

  /** A connection was answered. `theirs` is null when the sender did not tell its clock. */
  opened(asked: number, answered: number, theirs: number | null): void {
    this.measured = theirs === null ? 0 : offsetOf(asked, answered, theirs)
  }

  of(boot: string): number {
    const kept = this.byBoot.get(boot)
    if (kept !== undefined && Math.abs(kept - this.measured) <= STEPPED_MS) return kept
    this.byBoot.delete(boot)
    this.byBoot.set(boot, this.measured)
    const oldest = this.byBoot.keys().next()
    if (this.byBoot.size > 8 && !oldest.done) this.byBoot.delete(oldest.value)
    return this.measured
  }
}

/** The second that a sample is folded into: the one in which it began, on our clock. */
export function positionOf(start: number, offset: number): number {
  return Math.floor((start + offset) / 1000)
}
