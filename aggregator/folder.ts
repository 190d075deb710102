import type { Distribution } from '../core/model/distribution.ts'
import { BUCKETS } from '../core/model/histogram.ts'
import { EMPTY_WINDOW, fold, type Window } from '../core/model/window.ts'
import type { Reader } from './ring.ts'

/**
 * Folds many windows, in place: the same result as `fold` one by one, without a new histogram for each.
 * Reading the spans of an endpoint each second is what this is for.
 */
export class Folder implements Reader {
  /** All but the histograms and the occupancy, which are kept dense below. */
  private light: Window = EMPTY_WINDOW
  private readonly service = new Durations()
  private readonly wait = new Durations()
  private readonly occupancy = new Map<number, [number, number, number, number]>()

  add(part: Window): void {
    this.light = fold(this.light, stripped(part))
    this.service.add(part.service)
    this.wait.add(part.wait)
    for (const [n = 0, us = 0, done = 0, tokens = 0] of part.occupancy) {
      const row = this.occupancy.get(n)
      if (row === undefined) {
        this.occupancy.set(n, [n, us, done, tokens])
      } else {
        row[1] += us
        row[2] += done
        row[3] += tokens
      }
    }
  }

  /** What was folded so far. */
  window(): Window {
    const rows = [...this.occupancy.values()].map(row => [...row])
    return {
      ...this.light,
      service: this.service.value(),
      wait: this.wait.value(),
      occupancy: rows.toSorted((x, y) => (x[0] ?? 0) - (y[0] ?? 0)),
    }
  }
}

function stripped(part: Window): Window {
  return { ...part, service: EMPTY_WINDOW.service, wait: EMPTY_WINDOW.wait, occupancy: [] }
}

class Durations {
  private count = 0
  private sum = 0
  private squares = 0n
  private readonly counts = new Float64Array(BUCKETS)
  private low = BUCKETS
  private high = -1

  add(part: Distribution): void {
    if (part.count === 0) return
    this.count += part.count
    this.sum += part.sum
    this.squares += BigInt(part.squares)
    const { histogram } = part
    for (let i = 0; i < histogram.length; i += 2) {
      const index = histogram[i] ?? 0
      this.counts[index] = (this.counts[index] ?? 0) + (histogram[i + 1] ?? 0)
      if (index < this.low) this.low = index
      if (index > this.high) this.high = index
    }
  }

  value(): Distribution {
    const histogram: number[] = []
    for (let i = this.low; i <= this.high; i++) {
      const count = this.counts[i] ?? 0
      if (count > 0) histogram.push(i, count)
    }
    return { count: this.count, sum: this.sum, squares: this.squares.toString(), histogram }
  }
}
