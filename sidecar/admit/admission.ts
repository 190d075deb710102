import type { Order } from '../../core/model/order.ts'
import type { LimitState, RejectReason } from '../../core/model/sample.ts'
import { Limit } from './limit.ts'
import { Tally, type Counts } from './tally.ts'

/**
 * Who may pass to the model: requests in flight up to the effective limit, a short queue in order of
 * arrival for clients, none for edges. Time is monotonic us and passed in.
 */
export interface Ticket {
  readonly edge: boolean
  readonly arrivedUs: number
  /** When its wait is over; clients only. */
  readonly deadlineUs: number
  admittedUs: number
  state: 'queued' | 'in-flight' | 'rejected' | 'over'
  reason: RejectReason | null
}

export interface Ended {
  kind: 'ok' | 'client' | 'server'
  serviceUs: number
}

/** How a sidecar behaves before it has an order. */
export interface First {
  limit: number
  queueUs: number
  objectiveUs: number | null
}

const NOBODY: readonly Ticket[] = []

export class Admission {
  private readonly limit: Limit
  private readonly tally: Tally
  /** In order of arrival. */
  private readonly queue = new Set<Ticket>()
  private inFlightNow = 0
  private queueUs: number
  private objectiveUs: number | null
  private closed = false
  private drainRate = 0
  private arrivedUs = -Infinity

  constructor(first: First, parity: 0 | 1, now: number) {
    this.limit = new Limit(first.limit, parity)
    this.tally = new Tally(now, first.limit)
    this.queueUs = first.queueUs
    this.objectiveUs = first.objectiveUs
  }

  get inFlight(): number {
    return this.inFlightNow
  }
  get queued(): number {
    return this.queue.size
  }
  get state(): LimitState {
    return this.limit.state
  }
  get objective(): number | null {
    return this.objectiveUs
  }
  /** When the last request came, admitted or not. */
  get lastArrivalUs(): number {
    return this.arrivedUs
  }
  /** Requests that end in a second, smoothed: what Retry-After is made of. */
  get drainedPerSecond(): number {
    return this.drainRate
  }
  /** The queue's bound: half the limit, and a few. */
  get room(): number {
    return Math.ceil(this.state.effective / 2) + 4
  }

  /** An order that was in force before a restart: it is at once. */
  resume(order: Order, now: number): void {
    this.take(order)
    this.limit.second({ completed: 0, late: 0 })
    this.moved(now)
  }

  /** The limit changes with the next second; objective and queue deadline hold for arrivals from now on. */
  take(order: Order): void {
    this.limit.take(order)
    this.queueUs = order.queueUs
    this.objectiveUs = order.objectiveUs
  }

  /** The ticket says at once whether it is in flight, queued or rejected. `patienceUs`: the client's own deadline. */
  arrive(now: number, { edge, patienceUs }: { edge: boolean; patienceUs: number | null }): Ticket {
    const wait = Math.min(this.queueUs, patienceUs ?? this.queueUs)
    const ticket: Ticket = {
      edge,
      arrivedUs: now,
      deadlineUs: now + wait,
      admittedUs: now,
      state: 'queued',
      reason: null,
    }
    this.arrivedUs = now
    this.tally.arrived(edge)
    if (this.closed) this.reject(ticket, 'draining')
    else if (this.free() && this.queue.size === 0) this.admit(ticket, now)
    else if (edge) this.reject(ticket, 'no-slot')
    else if (this.queue.size >= this.room) this.reject(ticket, 'full')
    else if (wait === 0) this.reject(ticket, 'late')
    else this.queue.add(ticket)
    this.moved(now)
    return ticket
  }

  /** The model has ended one; gives the tickets that changed because of it. */
  finish(ticket: Ticket, now: number, ended: Ended): readonly Ticket[] {
    if (ticket.state !== 'in-flight') return NOBODY
    this.tally.move(now, this.inFlightNow, this.queue.size, this.state.effective)
    this.tally.finished(ended.kind, ended.serviceUs, this.objectiveUs)
    this.inFlightNow--
    ticket.state = 'over'
    return this.settle(now)
  }

  /** Its client is gone, wherever it was. */
  leave(ticket: Ticket, now: number): readonly Ticket[] {
    if (ticket.state === 'in-flight') this.inFlightNow--
    else if (ticket.state !== 'queued') return NOBODY
    this.queue.delete(ticket)
    ticket.state = 'over'
    this.tally.abandoned()
    return this.settle(now)
  }

  /** Rejects those whose wait is over. */
  expire(now: number): readonly Ticket[] {
    return this.settle(now)
  }

  /** From now on nothing is admitted; gives those that waited, rejected. */
  close(now: number): readonly Ticket[] {
    this.closed = true
    const changed = [...this.queue]
    for (const ticket of changed) this.reject(ticket, 'draining')
    this.moved(now)
    return changed
  }

  /** An upgraded connection was refused: an arrival that found no room, though not for a slot. */
  refuseUpgrade(): void {
    this.tally.arrived(false)
    this.tally.rejectedFor('upgrades')
  }

  tokens(count: number): void {
    this.tally.tokens(count)
  }

  /** Ends a second: its counts with the limit that was in force, and the tickets that the next one admits. */
  second(now: number): { limit: LimitState; counts: Counts; changed: readonly Ticket[] } {
    const limit = this.limit.state
    const judged = this.tally.judged()
    const counts = this.tally.take(now)
    this.drainRate = 0.7 * this.drainRate + 0.3 * ((judged.completed * 1e6) / counts.us)
    this.limit.second(judged)
    return { limit, counts, changed: this.settle(now) }
  }

  private free(): boolean {
    return this.inFlightNow < this.state.effective
  }

  private admit(ticket: Ticket, now: number): void {
    this.inFlightNow++
    ticket.state = 'in-flight'
    ticket.admittedUs = now
    this.tally.admitted(now - ticket.arrivedUs)
  }

  private reject(ticket: Ticket, reason: RejectReason): void {
    this.queue.delete(ticket)
    ticket.state = 'rejected'
    ticket.reason = reason
    this.tally.rejectedFor(reason)
  }

  private settle(now: number): readonly Ticket[] {
    let changed: Ticket[] | null = null
    if (this.queue.size === 0) {
      this.moved(now)
      return NOBODY
    }
    for (const ticket of this.queue) {
      if (ticket.deadlineUs <= now) this.reject(ticket, 'late')
      else if (this.free() && !this.closed) {
        this.queue.delete(ticket)
        this.admit(ticket, now)
      } else continue
      changed ??= []
      changed.push(ticket)
    }
    this.moved(now)
    return changed ?? NOBODY
  }

  private moved(now: number): void {
    this.tally.move(now, this.inFlightNow, this.queue.size, this.state.effective)
  }
}
