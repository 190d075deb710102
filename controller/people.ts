import { canonical } from '../core/model/canonical.ts'
import type { Bodies, Override } from '../core/model/decision.ts'
import { Refused } from '../core/runtime/admin.ts'
import type { Memory } from './memory.ts'
import { readOverride } from './overrides.ts'
import type { Ledger } from './record/ledger.ts'

/** What people set for a time: recorded with who and until when, before it is in force. */
export class People {
  private readonly memory: Memory
  private readonly ledger: Ledger
  private readonly now: () => number

  constructor(memory: Memory, ledger: Ledger, now: () => number) {
    this.memory = memory
    this.ledger = ledger
    this.now = now
  }

  /** Throws Refused(400) with every error. */
  async set(endpoint: string, raw: unknown): Promise<Override> {
    const read = readOverride(raw, this.now())
    if ('errors' in read) throw new Refused(400, read.errors.join('; '))
    this.refuseStanding(endpoint, read.override.what)
    await this.record({ endpoint, override: read.override, action: 'set' })
    return read.override
  }

  /** Ends the override on `what`, or all of the endpoint. */
  async clear(endpoint: string, what: string | null, who: string | null): Promise<Override[]> {
    const ended = this.memory
      .overridesOf(endpoint)
      .filter(each => what === null || each.what === what)
    for (const override of ended) {
      this.refuseStanding(endpoint, override.what)
      await this.record({ endpoint, override: { ...override, who }, action: 'cleared' })
    }
    return ended
  }

  /** Takes what stands on the platform (annotations, another autoscaler), and ends what no longer does. */
  async follow(endpoint: string, said: readonly Override[]): Promise<void> {
    // The platform's clock may be behind ours: what has ended would be set again each second.
    const standing = said.filter(({ until }) => until === null || until > this.now())
    const known = this.memory.overridesOf(endpoint)
    for (const override of known) {
      const gone = override.standing === true && !said.some(({ what }) => what === override.what)
      if (gone) await this.record({ endpoint, override, action: 'cleared' })
    }
    for (const each of standing) {
      const override = { ...each, standing: true }
      const same = known.some(one => canonical(one) === canonical(override))
      if (!same) await this.record({ endpoint, override, action: 'set' })
    }
  }

  /** It would be back within a second. */
  private refuseStanding(endpoint: string, what: string): void {
    const found = this.memory.overridesOf(endpoint).find(each => each.what === what)
    if (found?.standing !== true) return
    const who = found.who ?? 'an annotation'
    throw new Refused(
      409,
      `${what} of ${endpoint} is set on the platform (${who}): change it there`,
    )
  }

  /** Ends those whose time is over. */
  async endOld(): Promise<void> {
    for (const { endpoint, override } of this.memory.allOverrides()) {
      if (override.until === null || override.until > this.now()) continue
      await this.record({ endpoint, override, action: 'ended' })
    }
  }

  private async record(body: Bodies['override']): Promise<void> {
    await this.ledger.note({ kind: 'override', body })
    const { endpoint, override, action } = body
    this.memory.setOverride(endpoint, override.what, action === 'set' ? override : null)
  }
}
