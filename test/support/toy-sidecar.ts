import { DistributionRecorder } from '../../core/model/distribution.ts'
import type { Outcome } from '../../core/model/decision.ts'
import type { LimitState } from '../../core/model/sample.ts'
import type { ArmFold } from '../../core/model/windows.ts'
import { Limit } from '../../sidecar/admit/limit.ts'
import type { Server } from './server.ts'

type PublishedOrder = NonNullable<Outcome['order']>

interface Counts {
  offered: number
  admitted: number
  ok: number
  late: number
  rejected: number
  good: number
  us: number
  inFlight: number
  inFlightMax: number
  boundUs: number
}

/** What one replica counted in a second, and the limit that was in force. */
export interface Counted extends Counts {
  cpuUs: number | null
  service: ArmFold['service']
  state: LimitState
}

/** A sidecar under virtual time: its real limit (arms, slots, guard) around a plain queue. */
export class ToySidecar {
  private readonly recorder = new DistributionRecorder()
  private readonly started = new Map<number, number>()
  private readonly server: Server
  private readonly limit: Limit
  private readonly objective: number
  private queue: { job: number; at: number }[] = []
  private order: PublishedOrder | null = null
  private at = 0
  private second = fresh()

  /** `objective` (us) is the true one, by which the test counts good answers. */
  constructor(server: Server, parity: 0 | 1, objective: number) {
    this.server = server
    this.limit = new Limit(1, parity)
    this.objective = objective
  }

  private get effective(): number {
    return this.limit.state.effective
  }

  /** In force from the next second on. */
  obey(order: PublishedOrder): void {
    this.order = order
    const names = {
      v: 1,
      endpoint: 'local/plant',
      revision: 'r1',
      decision: 'd',
      issued: 0,
    } as const
    this.limit.take({ ...names, ...order, epoch: 1 })
  }

  nextAt(): number {
    return this.server.nextAt()
  }

  arrive(job: number, now: number): void {
    this.advance(now)
    this.second.offered++
    if (this.started.size < this.effective && this.queue.length === 0) this.admit(job, now)
    else if (this.queue.length < Math.ceil(this.effective / 2) + 4)
      this.queue.push({ job, at: now })
    else this.second.rejected++
  }

  finish(now: number): void {
    this.advance(now)
    for (const job of this.server.done(now)) {
      const service = Math.round(now - (this.started.get(job) ?? now))
      this.started.delete(job)
      this.recorder.add(service)
      this.second.ok++
      if (service <= this.objective) this.second.good++
      if (this.order?.objectiveUs != null && service > this.order.objectiveUs) this.second.late++
    }
    this.drain(now)
  }

  /** Ends the second: what was counted, then the limit of the next one. */
  tick(now: number): Counted {
    this.advance(now)
    const { state } = this.limit
    const cpuUs = this.server.cpu(now)
    const out = { ...this.second, cpuUs, service: this.recorder.take(), state }
    this.second = fresh()
    this.second.inFlightMax = this.started.size
    this.limit.second({ completed: out.ok, late: out.late })
    this.drain(now)
    return out
  }

  private admit(job: number, now: number): void {
    this.second.admitted++
    this.started.set(job, now)
    this.second.inFlightMax = Math.max(this.second.inFlightMax, this.started.size)
    this.server.start(job, now)
  }

  private drain(now: number): void {
    const patience = this.order?.queueUs ?? this.objective / 2
    let head = this.queue[0]
    while (head !== undefined && (now - head.at > patience || this.started.size < this.effective)) {
      this.queue.shift()
      if (now - head.at > patience) this.second.rejected++
      else this.admit(head.job, now)
      head = this.queue[0]
    }
  }

  private advance(now: number): void {
    const us = now - this.at
    this.second.us += us
    this.second.inFlight += us * this.started.size
    if (this.started.size >= this.effective) this.second.boundUs += us
    this.at = now
  }
}

function fresh(): Counts {
  return {
    offered: 0,
    admitted: 0,
    ok: 0,
    late: 0,
    rejected: 0,
    good: 0,
    us: 0,
    inFlight: 0,
    inFlightMax: 0,
    boundUs: 0,
  }
}
