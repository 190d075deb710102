import type { Sample } from '../../core/model/sample.ts'
import { Rest } from './rest.ts'
import { Ring } from './ring.ts'

/** Numbers kept of each life: more than a sender's ring (120) and what windows cover (300). */
const SEEN = 400
const BOOTS_KEPT = 8

/** What one sender (a replica, or an edge for one endpoint) told us, each sample once. */
export class Sender {
  readonly kind: 'replica' | 'edge'
  readonly replica: string
  readonly ring = new Ring()
  readonly rest = new Rest()
  /** The newest sample, with its start on our clock. */
  newest: Sample | null = null
  /** Whether the targets name it now, and the second since which it has been missed when silent. */
  targeted = false
  expectedSince: number | null = null
  private readonly boots = new Map<string, { seen: Set<number>; highest: number }>()

  constructor(kind: 'replica' | 'edge', replica: string) {
    this.kind = kind
    this.replica = replica
  }

  /** Whether boot:seq is new, has been taken before, or is too old to know. */
  note(boot: string, seq: number): 'new' | 'duplicate' | 'late' {
    const life = this.boots.get(boot) ?? { seen: new Set<number>(), highest: seq }
    this.boots.delete(boot)
    this.boots.set(boot, life)
    const first = this.boots.keys().next()
    if (this.boots.size > BOOTS_KEPT && !first.done) this.boots.delete(first.value)
    if (seq <= life.highest - SEEN) return 'late'
    if (life.seen.has(seq)) return 'duplicate'
    life.seen.add(seq)
    life.highest = Math.max(life.highest, seq)
    if (life.seen.size > 2 * SEEN) {
      for (const old of life.seen) if (old <= life.highest - SEEN) life.seen.delete(old)
    }
    return 'new'
  }

  /** A second that was taken for granted was another one. */
  unnote({ boot, seq }: Sample): void {
    this.boots.get(boot)?.seen.delete(seq)
    if (this.newest?.boot === boot && this.newest.seq === seq) this.newest = null
  }

  /** Keeps the newest by (start, boot, seq), as windows do. */
  keepNewest(sample: Sample): void {
    const { newest } = this
    if (newest === null || isAfter(sample, newest)) this.newest = sample
  }

  /** End of its newest second on our clock, ms. */
  heardUntil(): number | null {
    return this.newest === null ? null : this.newest.start + Math.round(this.newest.us / 1000)
  }
}

function isAfter(a: Sample, b: Sample): boolean {
  if (a.start !== b.start) return a.start > b.start
  return a.boot === b.boot ? a.seq > b.seq : a.boot > b.boot
}
