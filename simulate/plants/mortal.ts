import { exp } from '../../core/model/math.ts'
import { Heap } from './heap.ts'
import type { Ended, Measured, Model } from './model.ts'

/** How soon whoever stands before a dead model learns that nobody listens there, us: a refused connection. */
const REFUSED_US = 1000

export interface Memory {
  /** Bytes (or any one unit) that may be used, that it uses when idle, and that each request in flight adds. */
  limit: number
  base: number
  each: number
  /** What was freed stays with the process for a while: after so long 1/e of it is left. */
  backUs: number
  restartUs: number
}

export interface Crashes {
  fromUs: number
  untilUs: number
  /** How long it stays up, within the span, and which part of that the first time. */
  everyUs: number
  first: number
  restartUs: number
}

/**
 * A model that can die, of too little memory or of itself: all it held fails, it is down for a while, and a
 * fresh one begins, as cold as the first. Its life begins with the first call. Times are us.
 */
export class Mortal implements Model {
  private readonly make: () => Model
  private readonly memory: Memory | null
  private readonly crashes: Crashes | null
  private inner: Model
  private readonly held = new Set<number>()
  /** Have failed, and when that is told. */
  private readonly failing = new Heap<number>()
  /** Requests whose memory the process has, in flight or freed and not given back, as of then. */
  private kept = 0
  private keptUs = 0
  private upUs: number | null = null
  private crashUs: number | null = null

  constructor(make: () => Model, memory: Memory | null, crashes: Crashes | null) {
    this.make = make
    this.memory = memory
    this.crashes = crashes
    this.inner = make()
  }

  /** While it is down nobody listens: the request fails fast. */
  start(id: number, kind: number, nowUs: number): void {
    this.live(nowUs)
    if (this.upUs !== null) return this.failing.push(nowUs + REFUSED_US, id)
    this.held.add(id)
    if (this.memory !== null && this.used(this.memory, nowUs) > this.memory.limit)
      this.die(nowUs, this.memory.restartUs)
    else this.inner.start(id, kind, nowUs)
  }

  leave(id: number, nowUs: number): boolean {
    this.live(nowUs)
    const stops = this.upUs === null && (this.inner.leave?.(id, nowUs) ?? false)
    if (stops) this.held.delete(id)
    return stops
  }

  nextUs(): number {
    const own = this.upUs ?? Math.min(this.inner.nextUs(), this.crashUs ?? Infinity)
    return Math.min(own, this.failing.time)
  }

  end(nowUs: number): readonly Ended[] {
    this.live(nowUs)
    const ended: Ended[] = []
    if (this.upUs === null) {
      for (const one of this.inner.end(nowUs)) {
        this.held.delete(one.id)
        ended.push(one)
      }
      if (this.crashes !== null && nowUs >= (this.crashUs ?? Infinity))
        this.die(nowUs, this.crashes.restartUs)
    }
    while (this.failing.time <= nowUs)
      ended.push({ id: this.failing.pop() as number, ok: false, tokens: 0 })
    return ended
  }

  downUntilUs(nowUs: number): number | null {
    this.live(nowUs)
    return this.upUs
  }

  measure(nowUs: number): Measured {
    this.live(nowUs)
    const measured = this.inner.measure(nowUs)
    if (this.memory === null) return measured
    const used = this.upUs === null ? this.used(this.memory, nowUs) / this.memory.limit : 0
    return { ...measured, memoryPermille: Math.round(used * 1000) }
  }

  /** What is freed is used again before more is taken: only as many in flight as never before need more. */
  private used({ base, each, backUs }: Memory, nowUs: number): number {
    const left = backUs === 0 ? 0 : this.kept * exp((this.keptUs - nowUs) / backUs)
    this.kept = Math.max(this.held.size, left)
    this.keptUs = nowUs
    return base + each * this.kept
  }

  /** Comes up when it is time, and knows from then on when it crashes. */
  private live(nowUs: number): void {
    if (this.upUs !== null && nowUs >= this.upUs) {
      this.crashUs = this.crashAfter(this.upUs, 1)
      this.upUs = null
    }
    this.crashUs ??= this.crashAfter(nowUs, this.crashes?.first ?? 1)
  }

  private crashAfter(upUs: number, share: number): number {
    if (this.crashes === null) return Infinity
    const { fromUs, untilUs, everyUs } = this.crashes
    const at = Math.max(upUs, fromUs) + Math.round(everyUs * share)
    return at < untilUs ? at : Infinity
  }

  private die(nowUs: number, restartUs: number): void {
    for (const id of this.held) this.failing.push(nowUs, id)
    this.held.clear()
    this.kept = 0
    this.inner = this.make()
    this.upUs = nowUs + restartUs
  }
}
