import { Rate } from './rate.ts'

/** How fast the queue drains, as measured: what bounds it and what a turned-away client is told. */
const BOUND = { least: 64, most: 10_000 } as const

export class Drain {
  private readonly released = new Rate()
  /** Mean service time of late, us; null before the first. */
  private serviceUs: number | null = null

  /** A slot became free; `serviceUs` for successes. */
  add(serviceUs: number | null, nowUs: number): void {
    this.released.add(nowUs)
    if (serviceUs === null) return
    const before = this.serviceUs ?? serviceUs
    this.serviceUs = before + (serviceUs - before) / 20
  }

  /** Requests that `slots` could serve within the queue deadline, within BOUND. */
  bound(slots: number, queueUs: number): number {
    const turns = queueUs / Math.max(1000, this.serviceUs ?? queueUs)
    return Math.min(BOUND.most, Math.max(BOUND.least, Math.ceil(slots * turns)))
  }

  /** s until `held` requests will have drained, stretched by up to as much again so that clients spread out. */
  retryAfterS(held: number, nowUs: number, random: () => number): number {
    const rate = this.released.perSecond(nowUs)
    const seconds = rate === 0 ? 5 : (held + 1) / rate
    return Math.max(1, Math.min(60, Math.ceil(seconds * (1 + random()))))
  }
}
