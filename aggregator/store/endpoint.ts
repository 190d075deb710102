import type { Sample } from '../../core/model/sample.ts'
import { windowOf } from '../../core/model/window.ts'
import { Arms } from './arms.ts'
import { Causes } from './causes.ts'
import type { Granted } from './rest.ts'
import { KEPT_SECONDS, Ring } from './ring.ts'
import { Sender } from './sender.ts'

export type Taken = 'new' | 'duplicate' | 'late' | 'nonsense'

/** ms after which a silent sender is no longer waited for when the newest second is chosen. */
const WAITED_SECONDS = 6

/** All that is known of one endpoint: its senders, and the same seconds folded over them. */
export class Endpoint {
  readonly name: string
  readonly senders = new Map<string, Sender>()
  readonly replicas = new Ring()
  readonly edges = new Ring()
  readonly arms = new Arms()
  readonly causes = new Causes()
  /** Arrivals by second, for the trend. */
  readonly offered = new Map<number, number>()
  epoch = 0
  private end = -Infinity

  constructor(name: string) {
    this.name = name
  }

  sender(kind: 'replica' | 'edge', replica: string): Sender {
    const key = `${kind} ${replica}`
    const known = this.senders.get(key)
    if (known !== undefined) return known
    const made = new Sender(kind, replica)
    this.senders.set(key, made)
    return made
  }

  /** Takes a sample whose start is on our clock already, or a second at rest that is taken for granted. */
  take(sender: Sender, sample: Sample, position: number, granted = false): Taken {
    const noted = sender.note(sample.boot, sample.seq)
    if (noted !== 'new') return noted
    const part = windowOf(sample)
    const all = sender.kind === 'replica' ? this.replicas : this.edges
    if (!all.add(position, part)) return 'late'
    sender.ring.add(position, part)
    if (granted) sender.rest.grant({ sample, position })
    sender.keepNewest(sample)
    this.offered.set(position, (this.offered.get(position) ?? 0) + sample.offered)
    if (sample.causes.length > 0) this.causes.add(sample.causes, position)
    this.epoch = Math.max(this.epoch, sample.limit.order?.epoch ?? 0)
    if (sender.kind === 'replica') this.arms.add(sample, position)
    return 'new'
  }

  /** Gives back a second that was taken for granted. */
  takeBack(sender: Sender, granted: Granted): void {
    for (const ring of [this.replicas, sender.ring]) ring.takeBack(granted)
    this.arms.takeBack(granted.sample)
    sender.unnote(granted.sample)
  }

  /**
   * The newest second worth telling about: of the last two whole seconds the newer in which nine of ten
   * living senders have their sample, else the one before. A second's sample comes when it is over, up to
   * 1.1 s after the second in which it began. Never goes back.
   */
  newestSecond(now: number): number {
    const present = Math.floor(now / 1000)
    const living = [...this.senders.values()].filter(
      sender => sender.targeted && sender.ring.newest > present - WAITED_SECONDS,
    )
    const complete = (second: number): boolean =>
      living.filter(sender => sender.ring.has(second)).length * 10 >= living.length * 9
    const chosen = [present - 1, present - 2].find(complete) ?? present - 3
    this.end = Math.max(this.end, chosen)
    return this.end
  }

  /** Forgets who is gone and what is older than any window. True when nothing is left. */
  forget(present: number): boolean {
    for (const [key, sender] of this.senders) {
      // A silent replica that should exist is news; an edge that no longer tells of an endpoint is not.
      const missed = sender.targeted && sender.kind === 'replica'
      if (!missed && !(sender.ring.newest > present - KEPT_SECONDS)) this.senders.delete(key)
    }
    for (const position of this.offered.keys()) {
      if (position <= present - KEPT_SECONDS) this.offered.delete(position)
    }
    return this.senders.size === 0
  }
}
