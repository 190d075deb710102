import { Histogram } from './histogram.ts'

/** Carries one request at a time; `done` is called once, with whether the answer was right. */
export interface Lane {
  send(done: (good: boolean) => void): void
}

export interface Figures {
  /** Answered rightly, warm-up included. */
  all: number
  /** Answered wrongly, or not at all. */
  errors: number
  /** us from release to the end of the answer. */
  p50: number
  p99: number
  p999: number
  /** Share of a core that the load itself used: near 1 it is what was measured. */
  core: number
}

/**
 * An open loop: requests are released by a clock that does not know how the system under test fares. One
 * that finds all lanes busy waits for the next free one, and its wait counts: latency begins at release
 * (coordinated omission corrected).
 */
export class OpenLoop {
  private readonly free: Lane[]
  /** Times of release, oldest first; those before `head` are gone. */
  private waiting: number[] = []
  private head = 0
  private readonly latencies = new Histogram()
  private readonly now: () => number
  private readonly recordFrom: number
  private good = 0
  private bad = 0
  private open = 0

  /** `now` and `recordFrom` in ns: what was released before the latter is warm-up. */
  constructor(lanes: readonly Lane[], now: () => number, recordFrom: number) {
    this.free = [...lanes]
    this.now = now
    this.recordFrom = recordFrom
  }

  release(at: number): void {
    const lane = this.free.pop()
    if (lane === undefined) this.waiting.push(at)
    else this.send(lane, at)
  }

  /** Released and not answered. */
  get unfinished(): number {
    return this.open + this.waiting.length - this.head
  }

  figures(): Omit<Figures, 'core'> {
    const us = (share: number): number => this.latencies.quantile(share) / 1000
    return {
      all: this.good,
      errors: this.bad + this.unfinished,
      p50: us(0.5),
      p99: us(0.99),
      p999: us(0.999),
    }
  }

  private send(lane: Lane, at: number): void {
    this.open++
    lane.send(good => {
      this.open--
      if (good) this.good++
      else this.bad++
      if (good && at >= this.recordFrom) this.latencies.record(this.now() - at)
      const next = this.next()
      if (next === undefined) this.free.push(lane)
      else this.send(lane, next)
    })
  }

  private next(): number | undefined {
    const at = this.waiting[this.head]
    if (at === undefined) return undefined
    this.head++
    if (this.head > 10_000) {
      this.waiting = this.waiting.slice(this.head)
      this.head = 0
    }
    return at
  }
}
