import type { Distribution } from '../../core/model/distribution.ts'
import { BUCKETS } from '../../core/model/histogram.ts'
import { EMPTY_WINDOW, later, type Window } from '../../core/model/window.ts'
import type { Reader } from './ring.ts'

/**
 * Folds many windows, in place: the same result as `fold` one by one, without a new histogram for each.
 * Reading the spans of an endpoint each second is what this is for.
 */
export class Folder implements Reader {
  /** Sums; a copy of this and what is dense below is the window. */
  private readonly sums: Window = {
    ...EMPTY_WINDOW,
    completed: { ...EMPTY_WINDOW.completed },
    rejected: { ...EMPTY_WINDOW.rejected },
    inFlight: { ...EMPTY_WINDOW.inFlight },
    queued: { ...EMPTY_WINDOW.queued },
    tokens: { ...EMPTY_WINDOW.tokens },
    cpu: { ...EMPTY_WINDOW.cpu },
  }
  private readonly service = new Durations()
  private readonly wait = new Durations()
  private readonly occupancy = new Map<number, [number, number, number, number]>()

  add(part: Window): void {
    const { sums } = this
    for (const name of COUNTS) sums[name] += part[name]
    for (const name of MAXIMA) sums[name] = most(sums[name], part[name])
    addTo(sums.completed, part.completed)
    addTo(sums.rejected, part.rejected)
    addTo(sums.tokens, part.tokens)
    addTo(sums.cpu, part.cpu)
    addLevel(sums.inFlight, part.inFlight)
    addLevel(sums.queued, part.queued)
    sums.latest = later(sums.latest, part.latest)
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
    const { sums } = this
    const rows = [...this.occupancy.values()].map(row => [...row])
    return {
      ...sums,
      completed: { ...sums.completed },
      rejected: { ...sums.rejected },
      inFlight: { ...sums.inFlight },
      queued: { ...sums.queued },
      tokens: { ...sums.tokens },
      cpu: { ...sums.cpu },
      service: this.service.value(),
      wait: this.wait.value(),
      occupancy: rows.toSorted((x, y) => (x[0] ?? 0) - (y[0] ?? 0)),
    }
  }
}

const COUNTS = [
  'samples',
  'us',
  'offered',
  'attempts',
  'admitted',
  'late',
  'abandoned',
  'boundUs',
] as const
const MAXIMA = ['memoryPermille', 'gpuPermille', 'kvPermille', 'engineWaiting'] as const

function most(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

function addTo<T extends Record<string, number>>(into: T, part: T): void {
  for (const key in into) into[key] = ((into[key] ?? 0) + (part[key] ?? 0)) as T[typeof key]
}

function addLevel(into: Window['inFlight'], part: Window['inFlight']): void {
  into.integral += part.integral
  into.max = Math.max(into.max, part.max)
  into.end += part.end
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
