import type { RejectReason } from '../core/model/sample.ts'
import { signals } from '../core/model/signals.ts'
import { SecondsHistogram, type HistogramValue } from '../core/runtime/metrics.ts'
import { isLate, none, Tally, type Counts, type Outcome, type Second } from './dispatch/tally.ts'

/** What an edge counts for one endpoint: for the second that is running, and since the start. */
export class Meter {
  private readonly second: Tally
  private readonly total: Counts = none()
  private full = 0
  private failed = 0
  private readonly waitTotal = new SecondsHistogram(
    signals.edge.outrigger_edge_wait_seconds.buckets,
  )

  constructor(nowUs: number) {
    this.second = new Tally(nowUs)
  }

  offered(): void {
    this.second.offered()
    this.total.offered++
  }

  attempt(): void {
    this.second.attempt()
    this.total.attempts++
  }

  /** A replica turned an attempt away, or it failed on the way there. */
  turned(how: 'full' | 'failed'): void {
    this[how]++
  }

  admitted(waitUs: number): void {
    this.second.admitted(waitUs)
    this.total.admitted++
    this.waitTotal.add(waitUs)
  }

  /** `serviceUs` is null when nothing was served. */
  completed(outcome: Outcome, serviceUs: number | null, objectiveUs: number | null): void {
    this.second.completed(outcome, serviceUs, objectiveUs)
    this.total.completed[outcome]++
    if (isLate(serviceUs, objectiveUs)) this.total.late++
  }

  rejected(reason: RejectReason): void {
    this.second.rejected(reason)
    this.total.rejected[reason]++
  }

  abandoned(): void {
    this.second.abandoned()
    this.total.abandoned++
  }

  levels(held: number, inFlight: number, nowUs: number): void {
    this.second.levels(held, inFlight, nowUs)
  }

  /** The second's part of a sample; the next second begins. */
  take(nowUs: number): Second {
    return this.second.take(nowUs)
  }

  totals(): Totals {
    return { ...this.total, full: this.full, failed: this.failed, wait: this.waitTotal.value() }
  }
}

/** Since the start, for /metrics. */
export type Totals = Counts & { full: number; failed: number; wait: HistogramValue }
