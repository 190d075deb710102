import { restingSecond } from '../../core/model/rest.ts'
import type { Sample } from '../../core/model/sample.ts'
import { windowOf, type Window } from '../../core/model/window.ts'

/**
 * Seconds that a replica at rest sends no sample of. Each is taken for granted when a sample of it would have come;
 * what comes all the same stands in its place, since the replica was woken.
 */

/** ms after a second's end by which its sample would be here. */
const LAG_MS = 50
/** Kept of each sender: more than it sends of what was missed, and no more than is kept as single seconds. */
const KEPT = 40

/** A second that was taken for granted. */
export interface Granted {
  sample: Sample
  position: number
}

export class Rest {
  /** The newest sample, which speaks for seconds after it, on its sender's clock. */
  private spoke: { sample: Sample; offset: number; given: number } | null = null
  private granted: Granted[] = []
  private newest: Pick<Sample, 'boot' | 'seq'> | null = null

  /**
   * A sample came: what it says holds from now on, and not what was granted of its second and later ones, which is
   * given back. `offset`: ms from its sender's clock to ours.
   */
  heard(sample: Sample, offset: number): Granted[] {
    const { boot, seq, limit } = sample
    // One that is sent again, or was missed.
    const old = this.newest?.boot === boot && seq <= this.newest.seq
    if (!old) {
      this.newest = { boot, seq }
      // A limit that does not stay as it is can't be told for seconds to come.
      const steady = limit.arm === 'none' && !limit.guard
      this.spoke = sample.rest !== undefined && steady ? { sample, offset, given: 0 } : null
    }
    const wrong = this.granted.filter(
      ({ sample: one }) => one.boot === boot && (old ? one.seq === seq : one.seq >= seq),
    )
    if (wrong.length > 0) this.granted = this.granted.filter(one => !wrong.includes(one))
    return wrong
  }

  /** Nothing is known any more of a replica that is not connected. */
  lost(): void {
    this.spoke = null
  }

  /** Those that are over by `now` and before another sample of that life, each once, with the offset of their clock. */
  *due(now: number, before?: Sample): Iterable<{ sample: Sample; offset: number }> {
    const { spoke } = this
    if (spoke === null) return
    const { sample, offset } = spoke
    if (before !== undefined && before.boot !== sample.boot) return
    const end = sample.start + offset + Math.round(sample.us / 1000) + LAG_MS
    for (; spoke.given < (sample.rest ?? 0); spoke.given++) {
      const nth = spoke.given + 1
      if (sample.seq + nth >= (before?.seq ?? Infinity) || end + nth * 1000 > now) return
      yield { sample: restingSecond(sample, nth), offset }
    }
  }

  grant(granted: Granted): void {
    this.granted.push(granted)
    if (this.granted.length > KEPT) this.granted.shift()
  }
}

/** A window without one granted second that was folded in. Null when nothing is left. Its maxima stay. */
export function without(window: Window, granted: Sample): Window | null {
  if (window.samples <= 1) return null
  const part = windowOf(granted)
  const { latest } = window
  const was = latest !== null && latest.boot === granted.boot && latest.seq === granted.seq
  return {
    ...window,
    samples: window.samples - 1,
    us: window.us - part.us,
    cpu: {
      us: window.cpu.us - part.cpu.us,
      available: window.cpu.available - part.cpu.available,
    },
    occupancy: window.occupancy.flatMap(row => {
      const [n = 0, us = 0, done = 0, tokens = 0] = row
      if (n > 0) return [row]
      const left = us - part.us
      return left > 0 || done > 0 || tokens > 0 ? [[n, left, done, tokens]] : []
    }),
    latest: was ? null : latest,
  }
}
