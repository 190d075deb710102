import type { Order } from '../../core/model/order.ts'
import type { Counts } from '../../sidecar/admit/tally.ts'
import { Admission, type First, type Ticket } from '../../sidecar/admit/admission.ts'
import { parityOf } from '../../sidecar/admit/limit.ts'
import type { LimitState } from '../../core/model/sample.ts'
import { NONE, type Gate, type Passed } from './gate.ts'
import type { Request } from './request.ts'

/** Our own sidecar: the production admission, with requests in place of sockets. */
export class Sidecar implements Gate {
  /** The number of the order that it was given last. */
  order: number | null = null
  private readonly admission: Admission
  private readonly edge: boolean
  private readonly requests = new Map<Ticket, Request>()
  private readonly tickets = new Map<number, Ticket>()
  private queue: Ticket[] = []

  /** `edge`: all requests come from edges, so none is queued here. */
  constructor(name: string, first: First, edge: boolean, nowUs: number) {
    this.admission = new Admission(first, parityOf(name), nowUs)
    this.edge = edge
  }

  get inFlight(): number {
    return this.admission.inFlight
  }
  get waiting(): number {
    return this.admission.queued
  }
  get effective(): number {
    return this.admission.state.effective
  }

  /** A new limit, from the next second on. */
  take(order: Order): void {
    this.order = order.n
    this.admission.take(order)
  }

  /** Ends a second. */
  second(nowUs: number): { limit: LimitState; counts: Counts; passed: Passed } {
    const { limit, counts, changed } = this.admission.second(nowUs)
    return { limit, counts, passed: this.passed(changed) }
  }

  tokens(count: number): void {
    this.admission.tokens(count)
  }

  arrive(request: Request, nowUs: number): Passed {
    const ticket = this.admission.arrive(nowUs, { edge: this.edge, patienceUs: null })
    if (ticket.state === 'rejected') return { start: [], refuse: [request] }
    this.requests.set(ticket, request)
    this.tickets.set(request.id, ticket)
    if (ticket.state === 'in-flight') return { start: [request], refuse: [] }
    this.queue.push(ticket)
    return NONE
  }

  ended(request: Request, ok: boolean, nowUs: number): Passed {
    const ticket = this.forget(request)
    if (ticket === undefined) return NONE
    const serviceUs = nowUs - (request.startedUs ?? nowUs)
    const kind = ok ? 'ok' : 'server'
    return this.passed(this.admission.finish(ticket, nowUs, { kind, serviceUs }))
  }

  left(request: Request, nowUs: number): Passed {
    const ticket = this.forget(request)
    return ticket === undefined ? NONE : this.passed(this.admission.leave(ticket, nowUs))
  }

  nextUs(): number {
    let soonest = Infinity
    for (const { deadlineUs } of this.queue) soonest = Math.min(soonest, deadlineUs)
    return soonest
  }

  wake(nowUs: number): Passed {
    return this.passed(this.admission.expire(nowUs))
  }

  private forget(request: Request): Ticket | undefined {
    const ticket = this.tickets.get(request.id)
    if (ticket === undefined) return undefined
    this.tickets.delete(request.id)
    this.requests.delete(ticket)
    return ticket
  }

  /** What became of tickets that waited. */
  private passed(changed: readonly Ticket[]): Passed {
    if (this.queue.length > 0) this.queue = this.queue.filter(({ state }) => state === 'queued')
    if (changed.length === 0) return NONE
    const start: Request[] = []
    const refuse: Request[] = []
    for (const ticket of changed) {
      const request = this.requests.get(ticket)
      if (request === undefined) continue
      if (ticket.state === 'in-flight') start.push(request)
      if (ticket.state !== 'rejected') continue
      refuse.push(request)
      this.forget(request)
    }
    return { start, refuse }
  }
}
