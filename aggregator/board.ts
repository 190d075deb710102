import { randomBytes } from 'node:crypto'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { EndpointWindows } from '../core/model/windows.ts'
import { signals } from '../core/model/signals.ts'
import type { Clock } from '../core/runtime/clock.ts'
import { SecondsHistogram } from '../core/runtime/metrics.ts'
import type { Store } from './store/store.ts'

/** Endpoints folded before streams get their turn again: a tick of a large fleet stops nobody. */
const AT_ONCE = 20

/** The newest windows of every endpoint, made once a second and shown to all who ask. */
export class Board {
  /** One life of the aggregator: whoever sees another one sends its targets anew. */
  readonly boot = randomBytes(9).toString('base64url')
  readonly foldSeconds = new SecondsHistogram(
    signals.aggregator.outrigger_aggregator_fold_seconds.buckets,
  )
  private readonly windows = new Map<string, EndpointWindows>()
  private readonly readers = new Set<(line: string) => void>()
  private readonly store: Store
  private readonly clock: Clock
  private running = false

  constructor(store: Store, clock: Clock) {
    this.store = store
    this.clock = clock
  }

  /** Makes all windows and sends each reader a line an endpoint. A tick that is late is left out. */
  async tick(warm: boolean): Promise<void> {
    if (this.running) return
    this.running = true
    try {
      await this.makeAll(warm)
    } finally {
      this.running = false
    }
  }

  get(name: string): EndpointWindows | undefined {
    return this.windows.get(name)
  }

  all(): EndpointWindows[] {
    return [...this.windows.values()]
  }

  /** A line an endpoint each second. Returns how to stop. */
  follow(write: (line: string) => void): () => void {
    this.readers.add(write)
    return () => void this.readers.delete(write)
  }

  private async makeAll(warm: boolean): Promise<void> {
    let us = 0
    const wrong: unknown[] = []
    this.store.forget(this.clock.now())
    const names = this.store.names()
    for (let i = 0; i < names.length; i += AT_ONCE) {
      const started = this.clock.us()
      for (const name of names.slice(i, i + AT_ONCE)) {
        try {
          this.make(name, warm)
        } catch (error) {
          // Others are told of all the same.
          wrong.push(error)
        }
      }
      us += this.clock.us() - started
      await yieldToOthers()
    }
    // A reader takes silence for death, and without endpoints there is nothing to say.
    if (names.length === 0) for (const write of this.readers) write('')
    const known = new Set(names)
    for (const name of this.windows.keys()) if (!known.has(name)) this.windows.delete(name)
    this.foldSeconds.add(us)
    if (wrong.length > 0) throw wrong[0]
  }

  private make(name: string, warm: boolean): void {
    const windows = this.store.windows(name, this.clock.now(), warm)
    if (windows === null) return
    this.windows.set(name, windows)
    if (this.readers.size === 0) return
    const line = JSON.stringify(windows)
    for (const write of this.readers) write(line)
  }
}
