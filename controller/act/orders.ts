import { newer, type Order, type OrderNumber, type SignedOrder } from '../../core/model/order.ts'
import type { PlatformEndpoint } from '../../core/model/tables.ts'
import type { ReplicaRow } from '../../core/model/windows.ts'
import { call } from '../../core/runtime/call.ts'
import { Actuator, type Tried } from './actuator.ts'
import type { Notes } from './notes.ts'

/** A replica's samples lag behind its answer by no more than this, ms: until then the answer is believed. */
const SAMPLES_LAG = 5000

interface Sidecar {
  actuator: Actuator<Order>
  /** The order it was last handed, not answered yet. */
  asked: Order | null
  /** What it last took or refused, and when (ms). */
  answered: { order: OrderNumber; at: number } | null
  /** False while its replica starts or leaves: then it may not listen, which is no failure. */
  missed: boolean
  /** The order for which it was said that it stays away. */
  away: Order | null
}

/** What a replica's newest sample said, and when it was taken (ms). */
interface Seen {
  order: OrderNumber | null
  at: number
}

/** What came back for an order since the last record of it. */
interface Answers {
  order: Order
  taken: number
  failed: string[]
  tookMs: number
}

/** Brings each sidecar of a revision to the order in force: PUT /v1/order, signed. */
export class Courier {
  private readonly sign: (order: Order) => SignedOrder
  private readonly notes: Notes
  private readonly now: () => number
  private readonly sidecars = new Map<string, Sidecar>()
  private readonly answers = new Map<string, Answers>()

  constructor(sign: (order: Order) => SignedOrder, notes: Notes, now: () => number) {
    this.sign = sign
    this.notes = notes
    this.now = now
  }

  /**
   * Hands the order to each replica that may not have it yet. Called each second and after a new order.
   * `rows` came `agedMs` ago.
   */
  tend(
    endpoint: PlatformEndpoint,
    order: Order | null,
    rows: readonly ReplicaRow[],
    agedMs: number,
  ): void {
    this.report()
    if (order === null) return
    const now = this.now()
    const held = new Map(
      rows.map(row => [row.replica, { order: row.order, at: now - agedMs - row.ageMs }]),
    )
    for (const { replica, revision, admin, state } of endpoint.replicas) {
      if (admin === null) continue
      const key = `${replica} ${admin}`
      const before = this.sidecars.get(key)
      if (before !== undefined) before.missed = state === 'ready' || state === 'not-ready'
      if (revision !== order.revision || state === 'draining' || state === 'failed') continue
      const sidecar = before ?? this.made(key, replica, admin, state !== 'starting')
      if (sidecar.asked !== null && !newer(order, sidecar.asked)) continue
      if (!newer(order, this.known(sidecar, held.get(replica)))) continue
      sidecar.asked = order
      sidecar.actuator.hand(order)
    }
  }

  /** Forgets sidecars that are gone. `present` holds the admin addresses of those that are there. */
  sweep(present: ReadonlySet<string>): void {
    for (const [key, { actuator }] of this.sidecars) {
      if (present.has(key.slice(key.indexOf(' ') + 1))) continue
      actuator.stop()
      this.sidecars.delete(key)
    }
  }

  stop(): void {
    for (const { actuator } of this.sidecars.values()) actuator.stop()
  }

  /** Writes what was answered as one record an order: a fleet is no flood. */
  private report(): void {
    for (const { order, taken, failed, tookMs } of this.answers.values()) {
      this.notes.actuation({
        decision: order.decision,
        endpoint: order.endpoint,
        asked: `order ${order.epoch}.${order.n}: limit ${order.limit}`,
        answered: taken === 0 ? '' : `taken by ${taken}`,
        error:
          failed.length === 0
            ? null
            : `${failed.length} failed: ${failed.slice(0, 5).join('; ')}`
                .slice(0, 1000)
                .toWellFormed(),
        tookMs,
      })
    }
    this.answers.clear()
  }

  /** The order that a sidecar holds, as far as known: as it answered, until a later sample says otherwise. */
  private known({ answered }: Sidecar, row: Seen | undefined): OrderNumber | null {
    if (row === undefined) return answered?.order ?? null
    return answered !== null && row.at - answered.at < SAMPLES_LAG ? answered.order : row.order
  }

  private made(key: string, replica: string, admin: string, missed: boolean): Sidecar {
    const actuator = new Actuator<Order>({
      attempt: order => this.attempt(admin, order),
      answered: (order, tried, ms) => {
        const { endpoint } = order
        if (!tried.done && tried.again && !made.missed) return
        this.notes.counted(endpoint, 'limit', tried.done ? 'done' : 'failed')
        if (tried.done || !tried.again) {
          made.answered = { order, at: this.now() }
          if (made.asked === order) made.asked = null
        }
        // A sidecar that stays away is said once for each order.
        if (tried.done || made.away !== order)
          this.gather(order, tried.done ? null : `${replica}: ${tried.words}`, ms)
        made.away = tried.done ? null : order
      },
      superseded: order => this.notes.counted(order.endpoint, 'limit', 'superseded'),
      longestDelayMs: 2000,
    })
    const made: Sidecar = { actuator, asked: null, answered: null, missed, away: null }
    this.sidecars.set(key, made)
    return made
  }

  private gather(order: Order, failure: string | null, ms: number): void {
    const key = `${order.endpoint} ${order.epoch}.${order.n}`
    const sum = this.answers.get(key) ?? { order, taken: 0, failed: [], tookMs: 0 }
    if (failure === null) sum.taken++
    else sum.failed.push(failure)
    sum.tookMs = Math.max(sum.tookMs, ms)
    this.answers.set(key, sum)
  }

  private async attempt(admin: string, order: Order): Promise<Tried> {
    const { status, json } = await call('PUT', `http://${admin}/v1/order`, {
      json: this.sign(order),
      timeoutMs: 2000,
    })
    if (status >= 200 && status < 300) return { done: true, again: false, words: `${status}` }
    // What is cut within a character has no canonical form, and no record.
    const said = typeof json === 'string' ? json : JSON.stringify(json)
    const words = `${status} ${said}`.slice(0, 200).toWellFormed()
    return { done: false, again: status >= 500, words }
  }
}
