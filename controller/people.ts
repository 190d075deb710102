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
    await this.record({ endpoint, override: read.override, action: 'set' })
    return read.override
  }

  /** Ends the override on `what`, or all of the endpoint. */
  async clear(endpoint: string, what: string | null, who: string | null): Promise<Override[]> {
    const ended = this.memory
      .overridesOf(endpoint)
      .filter(each => what === null || each.what === what)
    for (const override of ended) {
      await this.record({ endpoint, override: { ...override, who }, action: 'cleared' })
    }
    return ended
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
