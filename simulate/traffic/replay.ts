import { exp, log } from '../../core/model/math.ts'
import type { Random } from '../random.ts'
import type { Arrivals } from './arrivals.ts'
import { Kinds } from './kinds.ts'
import type { Trace } from './trace.ts'

const SECOND = 1_000_000

export interface ReplayOptions {
  random: Random
  untilUs: number
  /** Requests for each recorded one. */
  scale: number
  /** How many times faster than recorded. */
  speed: number
  /** The trace begins anew with this period; Infinity for never. */
  repeatUs: number
  /** Evenly spaced where the trace leaves it open, else by chance. */
  even: boolean
  classes: readonly number[] | undefined
}

/**
 * Plays a trace second by second as recorded. One request for each row comes at its time; copies beyond
 * it, and all requests of a count, anywhere within its second. How many copies a row gets is dealt out by
 * its place in the file, so that the sum over any part of it is within one of `scale` times the original.
 */
export class Replay implements Arrivals {
  nextUs = 0
  kind = 0
  private readonly trace: Trace
  private readonly options: ReplayOptions
  private readonly kinds: Kinds
  private readonly shift: number
  /** Where this round of the trace began, and requests recorded before the second under way. */
  private baseUs = 0
  private before = 0
  /** The second under way, us of the trace, and its rows: [from, to). */
  private second = 0
  private from = 0
  private to = 0
  /** The next row that comes at its own time, `to` after the last; requests without a time, and their next place. */
  private row = 0
  private loose = 0
  private placed = 0
  private place = Infinity

  constructor(trace: Trace, options: ReplayOptions) {
    this.trace = trace
    this.options = options
    this.kinds = new Kinds(options.classes, options.random.fork())
    this.shift = options.random.uniform()
    this.take()
  }

  take(): void {
    for (;;) {
      const own = this.row < this.to ? this.at(this.row) : Infinity
      const next = Math.min(own, this.place)
      if (next === Infinity) {
        if (this.open()) continue
        return this.end()
      }
      if (next / this.options.speed >= this.options.repeatUs) {
        this.again()
        continue
      }
      if (own <= this.place) this.nextRow(this.row + 1)
      else this.nextPlace()
      this.nextUs = Math.floor(this.baseUs + next / this.options.speed)
      if (this.nextUs >= this.options.untilUs) return this.end()
      this.kind = this.kinds.draw()
      return
    }
  }

  /** Opens the next second that has rows; false at the end of everything. */
  private open(): boolean {
    const { trace } = this
    const rows = trace.atUs.length
    this.before += this.recorded()
    this.from = this.to
    if (this.from >= rows) {
      if (this.options.repeatUs === Infinity) return false
      this.again()
      return this.baseUs < this.options.untilUs
    }
    this.second = Math.floor(this.at(this.from) / SECOND) * SECOND
    if (this.baseUs + this.second / this.options.speed >= this.options.untilUs) return false
    while (this.to < rows && this.at(this.to) < this.second + SECOND) this.to++
    const all = this.dealt(this.before + this.recorded()) - this.dealt(this.before)
    const own = trace.counts === null ? Math.min(all, this.to - this.from) : 0
    this.row = this.to
    if (own > 0) this.nextRow(this.from)
    this.loose = all - own
    this.placed = 0
    this.nextPlace()
    return true
  }

  /** The trace from its beginning. */
  private again(): void {
    this.baseUs += this.options.repeatUs
    this.from = 0
    this.to = 0
    this.row = 0
    this.place = Infinity
  }

  /** To the first row from this one on that comes at all: with a scale below 1 some don't. */
  private nextRow(row: number): void {
    this.row = row
    while (this.row < this.to) {
      const before = this.before + this.row - this.from
      if (this.dealt(before + 1) > this.dealt(before)) return
      this.row++
    }
  }

  /** The next of the requests without a time: what is left of them shares what is left of the second. */
  private nextPlace(): void {
    const left = this.loose - this.placed
    if (left <= 0) {
      this.place = Infinity
      return
    }
    const { even, random } = this.options
    const start = this.placed === 0 ? this.second : this.place
    if (even) this.place = this.second + ((this.placed + 0.5) / this.loose) * SECOND
    else {
      // The least of n even chances, as one chance: 1 - u^(1/n) (Devroye, 1986, chapter V).
      const part = 1 - exp(log(1 - random.uniform()) / left)
      this.place = start + (this.second + SECOND - start) * part
    }
    this.placed++
  }

  /** Requests recorded in the second under way. */
  private recorded(): number {
    const { counts } = this.trace
    if (counts === null) return this.to - this.from
    let sum = 0
    for (let row = this.from; row < this.to; row++) sum += counts[row] ?? 0
    return sum
  }

  /** How many come for the first `requests` that were recorded. */
  private dealt(requests: number): number {
    return Math.floor(requests * this.options.scale + this.shift)
  }

  private at(row: number): number {
    return this.trace.atUs[row] ?? Infinity
  }

  private end(): void {
    this.nextUs = Infinity
    this.kind = 0
  }
}
