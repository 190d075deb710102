import type { Time } from '../../controller/kubernetes/api/time.ts'
import { random } from './prng.ts'

/** Time that stands still until a test moves it. */
export class HandTime implements Time {
  private at = 0
  private timers: { at: number; run: () => void }[] = []
  readonly random: () => number
  /** Of the timers that were set, in order. */
  readonly delays: number[] = []

  constructor(seed: number | null = null) {
    this.random = seed === null ? () => 0.5 : random(seed).uniform
  }

  readonly now = (): number => this.at

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.at + Math.max(0, ms), run }
    this.delays.push(ms)
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter(other => other !== timer)
    }
  }

  /** When the next timer is due. */
  get next(): number {
    return this.timers.reduce((least, { at }) => Math.min(least, at), Infinity)
  }

  advance(ms: number): void {
    const until = this.at + ms
    while (this.next <= until) {
      const at = this.next
      const timer = this.timers.find(one => one.at === at) as { at: number; run: () => void }
      this.timers = this.timers.filter(other => other !== timer)
      this.at = at
      timer.run()
    }
    this.at = until
  }

  /** Time that goes on without anybody running: a process that was frozen. */
  freeze(ms: number): void {
    this.at += ms
  }
}

/** Lets real input and output happen until it is so. */
export async function until(so: () => boolean, what = 'what was waited for'): Promise<void> {
  const end = performance.now() + 5000
  while (!so()) {
    if (performance.now() > end) throw new Error(`expected ${what} within 5 s`)
    await new Promise(resolve => setImmediate(resolve))
  }
}
