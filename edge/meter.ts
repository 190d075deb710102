import { DistributionRecorder } from '../core/model/distribution.ts'
import type { RejectReason, Sample } from '../core/model/sample.ts'
import { signals } from '../core/model/signals.ts'
import { SecondsHistogram, type HistogramValue } from '../core/runtime/metrics.ts'
import { Level } from './level.ts'

export type Outcome = 'ok' | 'client' | 'server'

export interface Counts {
  offered: number
  attempts: number
  admitted: number
  completed: Record<Outcome, number>
  late: number
  rejected: Record<RejectReason, number>
  abandoned: number
}

/** What an edge counts for one endpoint: for the second that is running, and since the start. */
export class Meter {
  private second: Counts = none()
  private readonly total: Counts = none()
  private full = 0
  private failed = 0
  readonly held: Level
  readonly inFlight: Level
  private readonly service = new DistributionRecorder()
  private readonly wait = new DistributionRecorder()
  private readonly waitTotal = new SecondsHistogram(
    signals.edge.outrigger_edge_wait_seconds.buckets,
  )

  constructor(nowUs: number) {
    this.held = new Level(nowUs)
    this.inFlight = new Level(nowUs)
  }

  offered(): void {
    this.second.offered++
    this.total.offered++
  }

  attempt(): void {
    this.second.attempts++
    this.total.attempts++
  }

  /** A replica turned an attempt away, or it failed on the way there. */
  turned(how: 'full' | 'failed'): void {
    this[how]++
  }

  admitted(waitUs: number): void {
    this.second.admitted++
    this.total.admitted++
    this.wait.add(waitUs)
    this.waitTotal.add(waitUs)
  }

  /** `serviceUs` is null when nothing was served. */
  completed(outcome: Outcome, serviceUs: number | null, objectiveUs: number | null): void {
    const slow = serviceUs !== null && objectiveUs !== null && serviceUs > objectiveUs
    for (const counts of [this.second, this.total]) {
      counts.completed[outcome]++
      if (slow || outcome === 'server') counts.late++
    }
    if (outcome === 'ok' && serviceUs !== null) this.service.add(serviceUs)
  }

  rejected(reason: RejectReason): void {
    this.second.rejected[reason]++
    this.total.rejected[reason]++
  }

  abandoned(): void {
    this.second.abandoned++
    this.total.abandoned++
  }

  levels(held: number, inFlight: number, nowUs: number): void {
    this.held.set(held, nowUs)
    this.inFlight.set(inFlight, nowUs)
  }

  /** The second's part of a sample; the next second begins. */
  take(nowUs: number): Counts & Pick<Sample, 'inFlight' | 'queued' | 'service' | 'wait'> {
    const counts = this.second
    this.second = none()
    return {
      ...counts,
      inFlight: this.inFlight.take(nowUs),
      queued: this.held.take(nowUs),
      service: this.service.take(),
      wait: this.wait.take(),
    }
  }

  totals(): Totals {
    return { ...this.total, full: this.full, failed: this.failed, wait: this.waitTotal.value() }
  }
}

/** Since the start, for /metrics. */
export type Totals = Counts & { full: number; failed: number; wait: HistogramValue }

function none(): Counts {
  return {
    offered: 0,
    attempts: 0,
    admitted: 0,
    completed: { ok: 0, client: 0, server: 0 },
    late: 0,
    rejected: { full: 0, late: 0, 'no-slot': 0, 'no-replica': 0, draining: 0, upgrades: 0 },
    abandoned: 0,
  }
}
