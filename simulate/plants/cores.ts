import type { Random } from '../random.ts'
import { UNSEEN, type Measured } from './model.ts'
import { Sharing, type Shared } from './sharing.ts'
import type { Steps } from './steps.ts'

/** Cores that its requests share, each at most one; or anything else that serves so many at once at full speed. */
export class Cores extends Sharing {
  private readonly cores: Steps
  private readonly shown: boolean
  private readonly stops: boolean
  private told = 0

  /** `shown`: it is CPU, and monitoring sees it. `stops`: it notices that a client has left. */
  constructor(options: Shared & { cores: Steps; shown: boolean; stops: boolean }, random: Random) {
    super(options, random)
    this.cores = options.cores
    this.shown = options.shown
    this.stops = options.stops
  }

  leave(id: number, nowUs: number): boolean {
    return this.stops && this.drop(id, nowUs)
  }

  protected override rateOf(n: number, nowUs: number): number {
    this.cores.sync(nowUs)
    return Math.min(1, this.cores.value / n)
  }

  protected override changesUs(): number {
    return Math.min(this.pace.untilUs, this.cores.untilUs)
  }

  override measure(nowUs: number): Measured {
    if (!this.shown) return UNSEEN
    this.advance(nowUs)
    this.cores.sync(nowUs)
    const whole = Math.round(this.done)
    const us = whole - this.told
    this.told = whole
    return { ...UNSEEN, cpu: { us, quota: Math.round(this.cores.value * 1000) } }
  }
}
