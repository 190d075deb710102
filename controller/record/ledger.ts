import { canonical } from '../../core/model/canonical.ts'
import type { Bodies, DecisionBody, LogRecord } from '../../core/model/decision.ts'
import type { Settings } from '../../core/model/settings.ts'
import type { State } from '../decide/decide.ts'
import type { Memory, Remembered } from '../memory.ts'
import type { AnyRecord, Draft } from './line.ts'
import { split } from './parts.ts'
import { Repeats } from './repeats.ts'
import type { LogWriter } from './writer.ts'

/** A decision that was made and is to be recorded. */
export interface Made {
  remembered: Remembered
  body: DecisionBody
  before: State
  after: State
}

/** Recorded: null where the decision is a repeat that waits to be written; there is nothing to act on. */
export type Recorded = LogRecord<'decision'> | null

/** Decides again on recorded inputs: whether a repeat would replay to what was decided. */
export type Again = (body: DecisionBody, before: State, settings: Settings) => DecisionBody | null

/** States are written at least this often, ms, so that a replay never has far to go. */
const STATES_EVERY = 3_600_000
/** What was learned of an endpoint that has been gone for so long, ms, is not carried into another file. */
const FORGOTTEN = 30 * 86_400_000

/**
 * What goes into the log around the decisions: settings and states when a file begins, each hour and when
 * they are new; repeats in place of holds that say the same again. One append, so one fsync, a tick.
 */
export class Ledger {
  private readonly writer: LogWriter
  private readonly memory: Memory
  private readonly repeats = new Repeats()
  private readonly again: Again
  private readonly settingsWritten = new Map<string, string>()
  private readonly statesWritten = new Set<string>()
  private statesAt: number | null = null
  private began: number | null = null

  constructor(writer: LogWriter, memory: Memory, again: Again) {
    this.writer = writer
    this.memory = memory
    this.again = again
  }

  get failed(): string | null {
    return this.writer.failed
  }

  get epoch(): number {
    return this.writer.epoch
  }

  set epoch(epoch: number) {
    this.writer.epoch = epoch
  }

  /** SHA-256 of the newest line. */
  get head(): string {
    return this.writer.head
  }

  /** Each endpoint's state is written again before its next decision. */
  refresh(): void {
    this.statesWritten.clear()
  }

  /** Makes all decisions of a tick durable. Rejects when the log has failed: then nothing may be acted on. */
  async record(made: readonly Made[], now: number): Promise<Recorded[]> {
    const before = this.beginning(made, now)
    const drafts = [...before, ...this.repeats.takeDue(now)]
    const places = made.map(each => {
      drafts.push(...this.introduce(each.remembered))
      if (this.repeated(each)) {
        this.repeats.add(each.body)
        return null
      }
      drafts.push(...this.repeats.takeOf(each.body.endpoint))
      // Until it is written, nothing repeats what came before it.
      return drafts.push({ kind: 'decision', body: each.body }) - 1
    })
    const records = await this.writer.append(drafts)
    return places.map(place => {
      const record = place === null ? undefined : records[place]
      if (record?.kind !== 'decision') return null
      this.repeats.wrote(record.seq, record.body)
      return record
    })
  }

  /** Records something else, at once. */
  async note(...drafts: Draft[]): Promise<AnyRecord[]> {
    return this.writer.append(drafts)
  }

  /** Repeats that still wait, then closes. */
  async close(): Promise<void> {
    await this.writer.append(this.repeats.takeAll()).catch(() => undefined)
    await this.writer.close()
  }

  /** A new file, or an hour: what a replay needs to begin here. */
  private beginning(made: readonly Made[], now: number): Draft[] {
    this.began ??= now
    const full = this.writer.full
    if (!full && this.statesAt !== null && now - this.statesAt < STATES_EVERY) return []
    const waiting = this.repeats.takeAll()
    this.statesAt = now
    if (!full) {
      this.statesWritten.clear()
      return waiting
    }
    // Repeats belong to decisions of the old file; the new one begins with what it needs.
    void this.writer.append(waiting).catch(() => undefined)
    this.writer.rotate()
    this.repeats.forget()
    this.settingsWritten.clear()
    this.statesWritten.clear()
    this.forget(made, now)
    const overrides = this.memory.allOverrides().map(({ endpoint, override }): Draft => ({
      kind: 'override',
      body: { endpoint, override, action: 'set' },
    }))
    return [
      ...overrides,
      ...[...this.memory.endpoints.values()].flatMap(each => this.introduce(each)),
    ]
  }

  /** Endpoints that are gone. Who was away for long itself waits until those that are there have been decided. */
  private forget(made: readonly Made[], now: number): void {
    if (now - (this.began ?? now) < STATES_EVERY) return
    const here = new Set(made.map(({ remembered }) => remembered))
    for (const each of this.memory.endpoints.values()) {
      const gone = each.decided !== null && now - each.decided > FORGOTTEN
      if (gone && !here.has(each)) this.memory.forget(each.endpoint)
    }
  }

  /** Settings and state of an endpoint where the log does not have them yet. */
  private introduce(remembered: Remembered): Draft[] {
    const { endpoint } = remembered
    const drafts: Draft[] = []
    if (this.settingsWritten.get(endpoint) !== remembered.settingsHash) {
      this.settingsWritten.set(endpoint, remembered.settingsHash)
      drafts.push(...settingsDrafts(remembered))
    }
    if (!this.statesWritten.has(endpoint)) {
      this.statesWritten.add(endpoint)
      drafts.push(...stateDrafts(remembered))
    }
    return drafts
  }

  private repeated({ body, before, remembered }: Made): boolean {
    const like = this.repeats.like(body)
    if (like === null) return false
    const again = this.again({ ...like, now: body.now }, before, remembered.settings)
    if (again === null || again.after !== body.after) return false
    const { state, after } = again
    return canonical(again) === canonical({ ...like, now: body.now, state, after })
  }
}

function settingsDrafts({ endpoint, settings, settingsHash }: Remembered): Draft[] {
  const pieces = split(canonical(settings))
  return pieces.map((json, part): Draft => {
    const body: Bodies['settings'] = {
      endpoint,
      hash: settingsHash,
      part,
      parts: pieces.length,
      json,
    }
    return { kind: 'settings', body }
  })
}

function stateDrafts({ endpoint, state, hash, order, decided }: Remembered): Draft[] {
  const pieces = split(canonical(state))
  return pieces.map((json, part): Draft => {
    const body: Bodies['state'] = {
      endpoint,
      hash,
      part,
      parts: pieces.length,
      json,
      order,
      decided,
    }
    return { kind: 'state', body }
  })
}
