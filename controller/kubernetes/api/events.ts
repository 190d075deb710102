import { once, wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube } from './client.ts'
import { statusOf } from './error.ts'
import { eventObject, keyOf, pathOf, seriesPatch, type EventSaid } from './event-record.ts'
import { systemTime, type Time } from './time.ts'

export type { EventSaid } from './event-record.ts'

export interface EventsOptions {
  kube: Kube
  /** Of this process: the pod's name. */
  instance: string
  log: Log
  time?: Time
  /** UTC, in ms since 1970. */
  utc?: () => number
}

interface Kept {
  said: EventSaid
  name: string
  count: number
  /** Monotonic ms. */
  writtenAt: number
  saidAt: number
  /** Ends the wait for the next write of its count; null: none is due. */
  cancel: (() => void) | null
}

/** As client-go's spam filter, but one a minute: an object that changes all day stays readable. */
const BURST = 25
const REFILL_MS = 60_000
/** A series is written this often, and forgotten when it has not gone on for `FORGET_MS`. */
const SERIES_MS = 60_000
const FORGET_MS = 600_000
const MOST_KEPT = 4096
const MOST_WAITING = 256

/**
 * Kubernetes Events for people who look with kubectl: hints, which may be lost; the decision log is the
 * record. What is said again of the same object becomes a count, and who says too much is dropped and
 * counted. Never throws, never makes its caller wait.
 */
export class Events {
  readonly figures = { written: 0, repeated: 0, dropped: 0, failed: 0 }
  private readonly options: EventsOptions
  private readonly time: Time
  private readonly outage: ReturnType<typeof once>
  private readonly kept = new Map<string, Kept>()
  private readonly buckets = new Map<string, { tokens: number; at: number }>()
  private readonly waiting: (() => Promise<void>)[] = []
  private writing = false

  constructor(options: EventsOptions) {
    this.options = options
    this.time = options.time ?? systemTime
    this.outage = once(options.log)
  }

  say(said: EventSaid): void {
    const key = keyOf(said)
    const now = this.time.now()
    const before = this.kept.get(key)
    if (before !== undefined && now - before.saidAt < FORGET_MS) {
      this.figures.repeated++
      before.count++
      before.saidAt = now
      this.refresh(key, before)
      return
    }
    if (!this.allowed(said, now)) return void this.figures.dropped++
    const name = this.newName(said)
    const kept: Kept = { said, name, count: 1, writtenAt: now, saidAt: now, cancel: null }
    this.remember(key, kept)
    this.enqueue(() => this.create(key, kept))
  }

  /** Writes no more counts; what waits is left. */
  stop(): void {
    this.waiting.length = 0
    for (const { cancel } of this.kept.values()) cancel?.()
    this.kept.clear()
  }

  /** Writes the count now, or when a minute has passed since the last time. */
  private refresh(key: string, kept: Kept): void {
    if (kept.cancel !== null) return
    const ms = Math.max(0, kept.writtenAt + SERIES_MS - this.time.now())
    kept.cancel = this.time.after(ms, () => {
      kept.cancel = null
      if (this.kept.get(key) !== kept) return
      kept.writtenAt = this.time.now()
      if (this.allowed(kept.said, this.time.now())) this.enqueue(() => this.count(key, kept))
      else this.figures.dropped++
    })
  }

  private async create(key: string, kept: Kept): Promise<void> {
    const { kube, instance, utc = Date.now } = this.options
    try {
      await kube.create(pathOf(kept.said), eventObject(kept, instance, utc()))
    } catch (error) {
      // Said again, it is tried again.
      this.forget(key, kept)
      throw error
    }
  }

  private async count(key: string, kept: Kept): Promise<void> {
    const { kube, utc = Date.now } = this.options
    try {
      await kube.patch(`${pathOf(kept.said)}/${kept.name}`, seriesPatch(kept, utc()), 'merge')
    } catch (error) {
      if (statusOf(error) !== 404) throw error
      // The server forgets Events after an hour.
      kept.name = this.newName(kept.said)
      await this.create(key, kept)
    }
  }

  private enqueue(write: () => Promise<void>): void {
    if (this.waiting.length >= MOST_WAITING) return void this.figures.dropped++
    this.waiting.push(write)
    if (!this.writing) void this.writeAll()
  }

  private async writeAll(): Promise<void> {
    this.writing = true
    for (let write = this.waiting.shift(); write !== undefined; write = this.waiting.shift()) {
      try {
        await write()
        this.figures.written++
        this.outage.again('Events are not written')
      } catch (error) {
        this.figures.failed++
        this.outage.say('warn', 'Events are not written', { why: wordsOfError(error) })
      }
    }
    this.writing = false
  }

  private allowed({ regarding }: EventSaid, now: number): boolean {
    const of = `${regarding.kind} ${regarding.namespace ?? ''} ${regarding.name}`
    const { tokens, at } = this.buckets.get(of) ?? { tokens: BURST, at: now }
    const left = Math.min(BURST, tokens + (now - at) / REFILL_MS)
    this.buckets.delete(of)
    this.buckets.set(of, { tokens: left >= 1 ? left - 1 : left, at: now })
    dropOldest(this.buckets)
    return left >= 1
  }

  private remember(key: string, kept: Kept): void {
    this.kept.get(key)?.cancel?.()
    this.kept.delete(key)
    this.kept.set(key, kept)
    dropOldest(this.kept)?.cancel?.()
  }

  private forget(key: string, kept: Kept): void {
    kept.cancel?.()
    if (this.kept.get(key) === kept) this.kept.delete(key)
  }

  private newName({ regarding }: EventSaid): string {
    const unique = Math.floor(this.time.random() * 2 ** 48).toString(16)
    return `${regarding.name.slice(0, 200)}.${unique.padStart(12, '0')}`
  }
}

function dropOldest<T>(map: Map<string, T>): T | undefined {
  if (map.size <= MOST_KEPT) return undefined
  const [key, value] = map.entries().next().value as [string, T]
  map.delete(key)
  return value
}
