import { once, type Log } from '../core/runtime/log.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Office } from './desk.ts'
import type { Figures } from './figures.ts'
import type { Journal } from './journal.ts'
import type { Bell } from './loop.ts'
import type { Observer } from './observe.ts'
import type { People } from './people.ts'
import type { Ground } from './ground.ts'
import { Raising } from './raising.ts'
import type { Strangers } from './strangers.ts'
import { tick } from './tick.ts'

export interface Parts {
  journal: Journal
  ground: Ground
  observer: Observer
  office: Office
  people: People
  strangers: Strangers
  figures: Figures
  /** Rung when edges may have something new to know. */
  tables: Bell
  clock: Clock
  log: Log
  identity: string
  version: string
}

const RETAIN_EVERY = 60_000

/** What happens each second. */
export class Running {
  private readonly parts: Parts
  private readonly said: ReturnType<typeof once>
  private readonly raising: Raising
  private retainedAt = -Infinity

  constructor(parts: Parts) {
    this.parts = parts
    this.said = once(parts.log)
    this.raising = new Raising((endpoint, epoch) =>
      this.said.say('warn', 'samples name an epoch that no controller gave', { endpoint, epoch }),
    )
    if (parts.ground.shared) this.renewOrders()
  }

  /** Never rejects: what fails is said, and the next second tries again. */
  async second(): Promise<void> {
    const { ground, journal, observer, people, strangers, office, figures, tables, clock, log } =
      this.parts
    ground.settings.refresh()
    if (this.mute() || !ground.held()) return
    try {
      await this.takeEpoch()
      await people.endOld()
      await this.takeOverrides()
      strangers.look(observer.platform?.endpoints ?? [], journal.now())
      const started = clock.us()
      const decisions = await tick(journal.now(), office)
      figures.tick.add(clock.us() - started)
      office.tendAll()
      if (decisions.some(({ body }) => body.outcome.act)) tables.ring()
      await this.retain()
    } catch (error) {
      if (!this.mute()) log('error', 'a tick failed', { why: String(error) })
    }
  }

  /** Why this is not fit to decide, in words; null when it is. */
  unready(): string | null {
    const { journal, observer } = this.parts
    if (journal.ledger.failed !== null) return `Not acting: ${journal.ledger.failed}`
    return observer.platform === null ? 'The platform has not answered yet.' : null
  }

  /** After the log has failed nothing is decided or done any more: that is said loudly, once. */
  private mute(): boolean {
    const { failed } = this.parts.journal.ledger
    if (failed === null) return false
    const message =
      "NOT ACTING ANY MORE: decisions can't be recorded. Make room or mend the disk, then restart."
    this.said.say('error', message, { why: failed })
    return true
  }

  /** Where sidecars hold what a greater epoch, or an unknown order of ours, told them. */
  private async takeEpoch(): Promise<void> {
    const { observer, journal, identity, version, ground } = this.parts
    const { ledger, memory } = journal
    const epoch = this.raising.next(observer, memory, ledger.epoch)
    if (epoch === null) return
    await ground.raised(epoch)
    ledger.epoch = epoch
    const body = { controller: identity, version, size: journal.durable(), head: ledger.head }
    await ledger.note({ kind: 'start', body })
    this.renewOrders()
  }

  /** Orders that were given in another epoch go out anew in ours: sidecars refuse then what its owner still sends. */
  private renewOrders(): void {
    const { ledger, memory } = this.parts.journal
    for (const each of memory.endpoints.values()) {
      if (each.order !== null) each.order = { ...each.order, epoch: ledger.epoch }
    }
    // States carry the order in force: a restart finds it under its new epoch.
    ledger.refresh()
  }

  /** What stands on the platform itself is in force once it is recorded. */
  private async takeOverrides(): Promise<void> {
    const { observer, people, ground } = this.parts
    for (const { endpoint } of observer.platform?.endpoints ?? [])
      await people.follow(endpoint, ground.platform.overridesOf(endpoint))
  }

  private async retain(): Promise<void> {
    const { journal, ground, figures } = this.parts
    if (journal.now() - this.retainedAt < RETAIN_EVERY) return
    this.retainedAt = journal.now()
    figures.logBytes = await journal.retain(ground.settings.logOptions)
  }
}
