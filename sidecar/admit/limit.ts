import type { Order } from '../../core/model/order.ts'
import type { LimitState } from '../../core/model/sample.ts'

/** The limit in force, second by second: the order's, its probe's arms, and the fast guard below both. */
export interface Judged {
  completed: number
  late: number
}

/** Completions that a verdict of the guard needs; with fewer it waits, at most `PATIENCE` seconds. */
const ENOUGH = 10
const PATIENCE = 10

/** Whether a replica starts a probe with arm a or b: half of the replicas each (FNV-1a of the name). */
export function parityOf(replica: string): 0 | 1 {
  let hash = 0x811c9dc5
  for (let i = 0; i < replica.length; i++) {
    hash = Math.imul(hash ^ replica.charCodeAt(i), 0x01000193)
  }
  return ((hash >>> 15) & 1) === 0 ? 0 : 1
}

/** More late ones than a share of p0 permille explains: beyond three deviations of the binomial. */
export function tooLate({ completed, late }: Judged, latePermille: number): boolean {
  const p0 = latePermille / 1000
  return late > completed * p0 + 3 * Math.sqrt(completed * p0 * (1 - p0))
}

export class Limit {
  private order: Order | null = null
  private readonly first: number
  private readonly parity: 0 | 1
  /** Seconds that the order has been in force. */
  private age = 0
  /** The guard's bound, or none. */
  private cut: number | null = null
  /** The upward arm did harm: not tried again under this order. */
  private tripped = false
  private gathered: Judged = { completed: 0, late: 0 }
  private waited = 0
  state: LimitState

  constructor(first: number, parity: 0 | 1) {
    this.first = first
    this.parity = parity
    this.state = this.now()
  }

  /** In force from the next second on. */
  take(order: Order): void {
    this.order = order
    // `second` moves on to 0: slots count from the first second after receipt.
    this.age = -1
    this.tripped = false
    this.gathered = { completed: 0, late: 0 }
    this.waited = 0
  }

  /** Ends a second that saw these completions, and gives the next one's state. */
  second(ended: Judged): LimitState {
    if (this.age >= 0) this.judge(ended)
    this.age++
    const before = this.state.arm
    this.state = this.now()
    if (this.state.arm !== before) this.gathered = { completed: 0, late: 0 }
    return this.state
  }

  private judge(ended: Judged): void {
    if (this.order === null) return
    const { completed, late } = this.gathered
    this.gathered = { completed: completed + ended.completed, late: late + ended.late }
    this.waited++
    const enough = this.gathered.completed >= ENOUGH
    if (!enough && this.waited < PATIENCE) return
    const bad = tooLate(this.gathered, this.order.latePermille)
    this.gathered = { completed: 0, late: 0 }
    this.waited = 0
    if (bad && enough) this.trip(this.order)
    else if (!bad) this.recover()
  }

  private trip(order: Order): void {
    if (this.state.arm === 'b' && !this.tripped && this.ceiling() > order.limit) {
      this.tripped = true
      return
    }
    this.cut = Math.max(1, Math.floor(this.state.effective * 0.9))
  }

  private recover(): void {
    if (this.cut === null) return
    this.cut += Math.max(1, Math.floor(this.cut * 0.05))
    if (this.cut >= this.ceiling()) this.cut = null
  }

  /** What the order allows in the arm of this second. */
  private ceiling(): number {
    if (this.order === null) return this.first
    const { limit, probe } = this.order
    if (probe === null || this.position().arm === 'a') return limit
    return this.tripped ? Math.min(limit, probe.other) : probe.other
  }

  private position(): Pick<LimitState, 'arm' | 'slot' | 'settling'> {
    const probe = this.order?.probe ?? null
    if (probe === null) return { arm: 'none', slot: 0, settling: false }
    const age = Math.max(0, this.age)
    const slot = Math.floor(age / probe.slotSeconds)
    return {
      arm: (slot + this.parity) % 2 === 0 ? 'a' : 'b',
      slot,
      settling: age % probe.slotSeconds < probe.settleSeconds,
    }
  }

  private now(): LimitState {
    const position = this.position()
    const ceiling = this.ceiling()
    const effective = Math.min(ceiling, this.cut ?? ceiling)
    const wanted =
      position.arm === 'b' && this.order?.probe != null ? this.order.probe.other : ceiling
    return {
      learned: this.order?.limit ?? this.first,
      ...position,
      guard: effective < wanted,
      effective,
      order: this.order === null ? null : { epoch: this.order.epoch, n: this.order.n },
    }
  }
}
