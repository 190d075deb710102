import { EMPTY, DistributionRecorder } from '../../core/model/distribution.ts'
import type { Outcome } from '../../core/model/decision.ts'
import type { ArmFold } from '../../core/model/windows.ts'
import type { Server } from './server.ts'

type PublishedOrder = NonNullable<Outcome['order']>

/** What one replica counted in a second. */
export interface Second {
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
  cpuUs: number | null
  service: ArmFold['service']
  /** Null while settling. */
  place: {
    n: number
    slot: number
    arm: 'a' | 'b' | 'none'
    guard: boolean
    effective: number
  } | null
}

/** A sidecar under virtual time: admits, queues, obeys orders, slots and the fast guard. */
export class ToySidecar {
  private readonly recorder = new DistributionRecorder()
  private readonly started = new Map<number, number>()
  private queue: { job: number; at: number }[] = []
  private order: PublishedOrder | null = null
  private pending: PublishedOrder | null = null
  private age = 0
  private effective: number
  private aborted = false
  private guarding = false
  private judged = { done: 0, late: 0 }
  private at = 0
  private second = fresh()

  private readonly server: Server
  private readonly parity: number
  private readonly objective: number

  /** `objective` (us) is the true one, by which the test counts good answers. */
  constructor(server: Server, parity: number, objective: number, first: number) {
    this.server = server
    this.parity = parity
    this.objective = objective
    this.effective = first
  }

  obey(order: PublishedOrder): void {
    this.pending = order
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
  tick(now: number): Second {
    this.advance(now)
    const out = { ...this.second, cpuUs: this.server.cpu(now), service: this.recorder.take() }
    out.place = this.place()
    this.second = fresh()
    this.second.inFlightMax = this.started.size
    this.guard(out)
    if (this.pending === null) this.age++
    else {
      this.order = this.pending
      this.pending = null
      this.age = 0
      this.aborted = false
      this.guarding = false
    }
    if (!this.guarding) this.effective = this.armLimit()
    this.drain(now)
    return out
  }

  private get slotSeconds(): number {
    return this.order?.probe?.slotSeconds ?? Infinity
  }

  private arm(): 'a' | 'b' | 'none' {
    if (this.order?.probe == null) return 'none'
    const slot = Math.floor(this.age / this.slotSeconds)
    return !this.aborted && (slot + this.parity) % 2 === 1 ? 'b' : 'a'
  }

  private armLimit(): number {
    if (this.order === null) return this.effective
    return this.arm() === 'b' ? (this.order.probe?.other ?? 1) : this.order.limit
  }

  private place(): Second['place'] {
    if (this.order === null) return null
    const { probe, n } = this.order
    if (probe !== null && this.age % probe.slotSeconds < probe.settleSeconds) return null
    const slot = probe === null ? 0 : Math.floor(this.age / probe.slotSeconds)
    return { n, slot, arm: this.arm(), guard: this.guarding, effective: this.effective }
  }

  private guard(second: Second): void {
    const { judged, order } = this
    judged.done += second.ok
    judged.late += second.late
    if (order === null || judged.done < 10) return
    const p = order.latePermille / 1000
    const trip = judged.late > judged.done * p + 3 * Math.sqrt(judged.done * p * (1 - p))
    this.judged = { done: 0, late: 0 }
    const top = this.armLimit()
    if (trip) {
      if (this.arm() === 'b' && (order.probe?.other ?? 0) > order.limit) this.aborted = true
      this.effective = Math.max(1, Math.floor(this.effective * 0.9))
    } else if (this.guarding) {
      this.effective = Math.min(top, this.effective + Math.max(1, Math.floor(this.effective / 20)))
    }
    this.guarding = this.effective < top
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

function fresh(): Second {
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
    cpuUs: null,
    service: EMPTY,
    place: null,
  }
}
