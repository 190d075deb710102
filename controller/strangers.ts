import type { Bodies } from '../core/model/decision.ts'
import type { PlatformEndpoint } from '../core/model/tables.ts'

export interface StrangersOptions {
  /** How many replicas we last asked for, or null. */
  asked: (endpoint: string) => number | null
  /** Who asked for `to` replicas since then, as far as the platform can know. */
  who: (endpoint: string, to: number, since: number) => string | null
  note: (body: Bodies['scaled']) => void
}

/** Who it was may be told a little later than what was done, ms. */
const PATIENCE = 2000
/** And a little sooner. */
const BEFORE = 10_000

/** Replicas that someone else changed: taken as they are, and recorded with who where that is known. */
export class Strangers {
  private readonly options: StrangersOptions
  private readonly seen = new Map<string, number>()
  private waiting: Omit<Bodies['scaled'], 'who'>[] = []

  constructor(options: StrangersOptions) {
    this.options = options
  }

  /** Called each second with the newest table. `now` in ms. */
  look(endpoints: readonly Pick<PlatformEndpoint, 'endpoint' | 'desired'>[], now: number): void {
    for (const { endpoint, desired } of endpoints) {
      const before = this.seen.get(endpoint)
      this.seen.set(endpoint, desired)
      if (before === undefined || before === desired) continue
      if (this.options.asked(endpoint) === desired) continue
      this.waiting.push({ endpoint, from: before, to: desired, at: now })
    }
    const present = new Set(endpoints.map(({ endpoint }) => endpoint))
    for (const endpoint of this.seen.keys()) if (!present.has(endpoint)) this.seen.delete(endpoint)
    const due = this.waiting.filter(({ at }) => now - at >= PATIENCE)
    this.waiting = this.waiting.filter(({ at }) => now - at < PATIENCE)
    for (const each of due) {
      const who = this.options.who(each.endpoint, each.to, each.at - BEFORE)
      this.options.note({ ...each, who })
    }
  }
}
