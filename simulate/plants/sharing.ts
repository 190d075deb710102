import type { Random } from '../random.ts'
import { Heap } from './heap.ts'
import type { Ended, Measured, Model } from './model.ts'
import { draw, type Spread } from './spread.ts'
import type { Steps } from './steps.ts'

/** Work of which a model's requests have more or less. */
export interface Shared {
  /** us of a request alone. */
  work: Spread
  /** Times this for a request of each class; 1 for one of none. */
  costs: readonly number[]
  pace: Steps
}

/**
 * Processor sharing: all requests go on at the same rate, which depends on how many there are. What one that
 * was there all the time would have got says who is done, so a request costs O(log n) steps, however often
 * the rate changes.
 */
export abstract class Sharing implements Model {
  /** us of work done, of all requests together. */
  protected done = 0
  protected readonly pace: Steps
  private readonly shared: Shared
  private readonly random: Random
  private readonly heap = new Heap<number>()
  private attained = 0
  private rate = 0
  private atUs = 0
  private endsUs = Infinity
  private wakeUs = Infinity

  constructor(shared: Shared, random: Random) {
    this.shared = shared
    this.pace = shared.pace
    this.random = random
  }

  /** us of work a us for each of n. */
  protected abstract rateOf(n: number, nowUs: number): number
  abstract measure(nowUs: number): Measured

  /** When the rate changes next though nobody comes or goes. */
  protected changesUs(): number {
    return this.pace.untilUs
  }

  start(id: number, kind: number, nowUs: number): void {
    this.advance(nowUs)
    this.pace.started()
    const cost = this.shared.costs[kind] ?? 1
    this.heap.push(this.attained + draw(this.shared.work, this.random) * cost, id)
    this.plan()
  }

  /** Stops work on one that it may still have. */
  protected drop(id: number, nowUs: number): boolean {
    this.advance(nowUs)
    const had = this.heap.remove(id)
    this.plan()
    return had
  }

  nextUs(): number {
    return this.wakeUs
  }

  end(nowUs: number): readonly Ended[] {
    if (nowUs < this.wakeUs) return []
    this.advance(nowUs)
    const ended: Ended[] = []
    while (this.heap.time <= this.attained)
      ended.push({ id: this.heap.pop() as number, ok: true, tokens: 0 })
    this.plan()
    return ended
  }

  downUntilUs(): number | null {
    return null
  }

  /** Work goes on until now. At the time that was planned for it a request is done to the last bit, and never before. */
  protected advance(nowUs: number): void {
    const { size, time } = this.heap
    if (size > 0) {
      const there = this.attained + (nowUs - this.atUs) * this.rate
      const attained = nowUs >= this.endsUs ? time : Math.min(time, there)
      this.done += (attained - this.attained) * size
      this.attained = attained
    }
    this.atUs = nowUs
  }

  private plan(): void {
    const { size, time } = this.heap
    if (size === 0) {
      this.attained = 0
      this.endsUs = this.wakeUs = Infinity
      return
    }
    this.pace.sync(this.atUs)
    this.rate = this.pace.value * this.rateOf(size, this.atUs)
    this.endsUs = this.rate > 0 ? this.atUs + (time - this.attained) / this.rate : Infinity
    this.wakeUs = Math.min(this.endsUs, this.changesUs())
  }
}
