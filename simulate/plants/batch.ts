import type { Random } from '../random.ts'
import { Busy } from './busy.ts'
import { UNSEEN, type Ended, type Measured, type Model } from './model.ts'
import type { Steps } from './steps.ts'

export interface BatchOptions {
  most: number
  /** us of a batch, and of each request in it. */
  fixed: number
  each: number
  /** A batch takes as long as one of the next power of two, as compiled shapes and padded tensors do. */
  padded: boolean
  /** Lognormal noise of a batch's time: deviation over mean. */
  cv: number
  costs: readonly number[]
  pace: Steps
}

/**
 * A GPU that takes all that wait, at most `most`, whenever it is free; they end together. Those that come at
 * the same time to a free one go together: it begins only once all of them are there.
 */
export class Batch implements Model {
  private readonly options: BatchOptions
  private readonly random: Random
  private readonly busy = new Busy()
  private readonly waiting: { id: number; cost: number }[] = []
  private batch: { id: number }[] = []
  /** us that the batch still takes at full speed. */
  private left = 0
  private atUs = 0
  private endsUs = Infinity
  private wakeUs = Infinity

  constructor(options: BatchOptions, random: Random) {
    this.options = options
    this.random = random
  }

  start(id: number, kind: number, nowUs: number): void {
    this.advance(nowUs)
    this.options.pace.started()
    this.waiting.push({ id, cost: this.options.costs[kind] ?? 1 })
    if (this.batch.length === 0) this.wakeUs = nowUs
  }

  nextUs(): number {
    return this.wakeUs
  }

  end(nowUs: number): readonly Ended[] {
    if (nowUs < this.wakeUs) return []
    this.advance(nowUs)
    let ended: Ended[] = []
    if (nowUs >= this.endsUs) {
      ended = this.batch.map(({ id }) => ({ id, ok: true, tokens: 0 }))
      this.batch = []
      this.endsUs = Infinity
    }
    // What its end lets in comes at this time too, and goes with those that wait.
    if (this.batch.length === 0 && ended.length === 0) this.begin()
    this.plan()
    return ended
  }

  downUntilUs(): number | null {
    return null
  }

  measure(nowUs: number): Measured {
    this.advance(nowUs)
    return { ...UNSEEN, gpuPermille: this.busy.permille(nowUs) }
  }

  private advance(nowUs: number): void {
    const works = this.batch.length > 0 && this.options.pace.value > 0
    if (works) this.left = Math.max(0, this.left - (nowUs - this.atUs) * this.options.pace.value)
    if (nowUs > this.atUs) this.busy.add(this.atUs, nowUs, works)
    this.atUs = nowUs
  }

  private plan(): void {
    const { pace } = this.options
    this.endsUs = Infinity
    this.wakeUs = this.waiting.length > 0 ? this.atUs : Infinity
    if (this.batch.length === 0) return
    pace.sync(this.atUs)
    if (pace.value > 0) this.endsUs = this.atUs + this.left / pace.value
    this.wakeUs = Math.min(this.endsUs, pace.untilUs)
  }

  private begin(): void {
    if (this.waiting.length === 0) return
    const { most, fixed, each, cv, padded } = this.options
    const batch = this.waiting.splice(0, most)
    const cost = batch.reduce((sum, one) => sum + one.cost, 0) / batch.length
    const noise = cv === 0 ? 1 : this.random.lognormal(1, cv)
    this.batch = batch
    this.left = (fixed + each * sizeOf(batch.length, most, padded) * cost) * noise
  }
}

/** The size that a batch of so many is run with. */
export function sizeOf(count: number, most: number, padded: boolean): number {
  if (!padded) return count
  let size = 1
  while (size < count) size *= 2
  return Math.min(size, most)
}
