import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import { each } from '../act/each.ts'
import type { Time } from '../api/time.ts'

export interface RoundsOptions<A, T> {
  /** Who is asked, by name, and what about. Nobody: no request is made. */
  whom: () => ReadonlyMap<string, A>
  /** What one says, by what it is about. Rejects where it says nothing of use. */
  ask: (name: string, about: A) => Promise<Iterable<readonly [string, T]>>
  /** Logged once an outage: as what the name is given, and why it may be. */
  words: { name: string; fails: string; again: string; why?: (words: string) => string }
  log: Log
  time: Time
}

export interface RoundsFigures {
  /** Who is asked. */
  asked: number
  requests: number
  failures: number
}

const EVERY_MS = 5000
/** Who fails is left out for so long at most. */
const LONGEST_REST_MS = 60_000
/** What was said longer ago is not known any more. */
const STALE_MS = 20_000
const AT_ONCE = 16

/** Asks many for what they measure, each five seconds. Who is silent or speaks nonsense costs the others nothing. */
export class Rounds<A, T> {
  private readonly options: RoundsOptions<A, T>
  private readonly asked = new Map<string, { failures: number; restUntil: number }>()
  private readonly known = new Map<string, { value: T; by: string; at: number }>()
  private readonly count = { requests: 0, failures: 0 }
  private stopped = false
  private cancel = (): void => undefined

  constructor(options: RoundsOptions<A, T>) {
    this.options = options
  }

  start(): void {
    void this.round()
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  /** Null when nothing new is known. */
  of(about: string): T | null {
    if (this.known.size === 0) return null
    const known = this.known.get(about)
    return known !== undefined && this.options.time.now() - known.at < STALE_MS ? known.value : null
  }

  figures(): RoundsFigures {
    return { asked: this.asked.size, ...this.count }
  }

  /** One look at everyone. */
  async look(): Promise<void> {
    const { whom, time } = this.options
    const names = whom()
    for (const name of this.asked.keys()) if (!names.has(name)) this.asked.delete(name)
    for (const [about, { by, at }] of this.known)
      if (!names.has(by) || time.now() - at >= STALE_MS) this.known.delete(about)
    await each([...names], ([name, about]) => this.ask(name, about), AT_ONCE)
  }

  private async round(): Promise<void> {
    const { time } = this.options
    const began = time.now()
    await this.look()
    if (this.stopped) return
    this.cancel = time.after(Math.max(0, began + EVERY_MS - time.now()), () => void this.round())
  }

  private async ask(name: string, about: A): Promise<void> {
    const { ask, words, time, log } = this.options
    const of = this.asked.get(name) ?? { failures: 0, restUntil: -Infinity }
    this.asked.set(name, of)
    if (this.stopped || time.now() < of.restUntil) return
    this.count.requests++
    try {
      const said = await ask(name, about)
      if (of.failures > 0) log('info', words.again, { [words.name]: name })
      of.failures = 0
      for (const [what, value] of said) this.known.set(what, { value, by: name, at: time.now() })
    } catch (error) {
      this.count.failures++
      const { why = (same: string): string => same } = words
      if (of.failures++ === 0)
        log('warn', words.fails, { [words.name]: name, why: why(wordsOfError(error)) })
      of.restUntil = time.now() + Math.min(LONGEST_REST_MS, EVERY_MS * 2 ** (of.failures - 1))
    }
  }
}
