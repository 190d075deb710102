import type { Socket } from 'node:net'
import { crowd, type Crowd } from '../core/carry/crowd.ts'
import type { Sample } from '../core/model/sample.ts'
import type { ReplicaTable } from '../core/model/tables.ts'
import { Desk, type Surroundings } from './desk.ts'
import { front, type Front } from './front.ts'
import { lineOf, type Mark, type SelfCost } from './line.ts'
import type { Totals } from './meter.ts'

/** What one second gives: a sample line an endpoint, and the counts for /metrics. */
export interface Second {
  lines: Sample[]
  totals: Record<string, Totals & { ready: number; held: number; inFlight: number }>
}

/** Where endpoints live: in this process, or in worker processes that each own some of them. */
export interface Room {
  table(table: ReplicaTable): void
  /** A client's connection to the endpoint's port. */
  accept(endpoint: string, socket: Socket): void
  second(mark: Mark): Promise<Second>
  /** Each answer ends its connection from now on: this edge is about to go. */
  leave(): void
  /** Resolves when all that is held and in flight has ended, or after `mostMs`. */
  drain(mostMs: number): Promise<void>
}

interface Open {
  desk: Desk
  front: Front
}

/** The endpoints of a table in this process. */
export class LocalRoom implements Room {
  private readonly around: Surroundings
  private readonly cost: () => SelfCost
  private readonly desks = new Map<string, Open>()
  /** Connections of all endpoints. */
  private readonly clients: Crowd
  private leaving = false

  constructor(around: Surroundings, cost: () => SelfCost) {
    this.around = around
    this.cost = cost
    this.clients = crowd(around.bounds.connections)
  }

  table(table: ReplicaTable): void {
    const names = new Set(table.endpoints.map(entry => entry.endpoint))
    for (const [name, open] of this.desks) {
      if (names.has(name)) continue
      this.desks.delete(name)
      open.desk.close()
      void ended(open, Infinity)
    }
    for (const entry of table.endpoints) {
      const known = this.desks.get(entry.endpoint)
      if (known !== undefined) known.desk.table(entry)
      else this.open(new Desk(entry, this.around))
    }
  }

  accept(endpoint: string, socket: Socket): void {
    const known = this.desks.get(endpoint)
    if (known === undefined) return void socket.destroy()
    this.clients.accept(socket, one => known.front.accept(one))
  }

  second(mark: Mark): Promise<Second> {
    const cost = this.cost()
    const second: Second = { lines: [], totals: {} }
    const share = Math.floor(cost.cpuUs / Math.max(1, this.desks.size))
    for (const [name, { desk }] of this.desks) {
      desk.second()
      second.lines.push(lineOf(desk, mark, { ...cost, cpuUs: share }))
      second.totals[name] = {
        ...desk.meter.totals(),
        ready: desk.dispatch.readyReplicas(this.around.clock.us()),
        held: desk.dispatch.heldCount,
        inFlight: desk.dispatch.inFlight,
      }
    }
    return Promise.resolve(second)
  }

  leave(): void {
    this.leaving = true
    for (const { desk } of this.desks.values()) desk.closing = true
  }

  async drain(mostMs: number): Promise<void> {
    this.leave()
    await Promise.all([...this.desks.values()].map(open => ended(open, mostMs)))
  }

  private open(desk: Desk): void {
    desk.closing = this.leaving
    this.desks.set(desk.entry.endpoint, { desk, front: front(desk) })
  }
}

/** Waits for the desk's requests to end and its connections to rest, then closes them. */
async function ended({ desk, front: clients }: Open, mostMs: number): Promise<void> {
  const fromUs = desk.around.clock.us()
  const untilUs = fromUs + mostMs * 1000
  while (desk.calls.size + clients.open() > 0 && desk.around.clock.us() < untilUs) {
    clients.closeResting(fromUs)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  desk.destroy()
  // An answer that has just ended may still be on its way out.
  await new Promise(resolve => setTimeout(resolve, 20))
  clients.destroy()
}
