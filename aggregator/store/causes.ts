import { KEPT_SECONDS } from './ring.ts'

const KEPT = 16

/** The newest distinct spans of requests that were slow, queued or rejected; the same in any order of arrival. */
export class Causes {
  private readonly seen = new Map<string, number>()

  add(references: readonly string[], position: number): void {
    for (const reference of references) {
      this.seen.set(reference, Math.max(position, this.seen.get(reference) ?? position))
    }
    for (const [reference] of this.ranked().slice(KEPT)) this.seen.delete(reference)
  }

  /** Newest first, none older than the longest window. */
  list(end: number): string[] {
    return this.ranked()
      .filter(([, position]) => position > end - KEPT_SECONDS)
      .map(([reference]) => reference)
  }

  private ranked(): [string, number][] {
    return [...this.seen].toSorted(([a, at], [b, bt]) => bt - at || (a < b ? -1 : 1))
  }
}
