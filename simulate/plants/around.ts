import type { Random } from '../random.ts'
import { Heap } from './heap.ts'
import type { Ended, Measured, Model } from './model.ts'
import { draw, type Spread } from './spread.ts'

/** What stands between a request and any kind of model. Times are us. */
abstract class Around implements Model {
  protected readonly inner: Model
  protected readonly random: Random

  constructor(inner: Model, random: Random) {
    this.inner = inner
    this.random = random
  }

  abstract start(id: number, kind: number, nowUs: number): void
  abstract nextUs(): number
  abstract end(nowUs: number): readonly Ended[]

  leave(id: number, nowUs: number): boolean {
    return this.inner.leave?.(id, nowUs) ?? false
  }

  downUntilUs(nowUs: number): number | null {
    return this.inner.downUntilUs(nowUs)
  }

  measure(nowUs: number): Measured {
    return this.inner.measure(nowUs)
  }
}

/** A request waits for something else first (a database, another model), which all can do at the same time. */
export class Waits extends Around {
  private readonly wait: Spread
  private readonly waiting = new Heap<{ id: number; kind: number }>()

  constructor(inner: Model, wait: Spread, random: Random) {
    super(inner, random)
    this.wait = wait
  }

  override start(id: number, kind: number, nowUs: number): void {
    this.waiting.push(nowUs + draw(this.wait, this.random), { id, kind })
  }

  override nextUs(): number {
    return Math.min(this.waiting.time, this.inner.nextUs())
  }

  override end(nowUs: number): readonly Ended[] {
    const ended = this.inner.end(nowUs)
    while (this.waiting.time <= nowUs) {
      const { id, kind } = this.waiting.pop() as { id: number; kind: number }
      this.inner.start(id, kind, nowUs)
    }
    return ended
  }
}

export interface ErrorSpan {
  fromUs: number
  untilUs: number
  share: number
  /** How long such an answer takes. */
  afterUs: number
}

/** Some requests fail fast, and never reach the model. */
export class Errors extends Around {
  private readonly spans: readonly ErrorSpan[]
  private readonly failing = new Heap<number>()

  constructor(inner: Model, spans: readonly ErrorSpan[], random: Random) {
    super(inner, random)
    this.spans = spans
  }

  override start(id: number, kind: number, nowUs: number): void {
    const span = this.spans.find(each => nowUs >= each.fromUs && nowUs < each.untilUs)
    if (span !== undefined && this.random.uniform() < span.share)
      this.failing.push(nowUs + span.afterUs, id)
    else this.inner.start(id, kind, nowUs)
  }

  override nextUs(): number {
    return Math.min(this.failing.time, this.inner.nextUs())
  }

  override end(nowUs: number): readonly Ended[] {
    const ended = this.inner.end(nowUs)
    if (this.failing.time > nowUs) return ended
    const failed: Ended[] = []
    while (this.failing.time <= nowUs)
      failed.push({ id: this.failing.pop() as number, ok: false, tokens: 0 })
    return [...ended, ...failed]
  }
}
