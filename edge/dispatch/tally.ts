import { DistributionRecorder } from '../../core/model/distribution.ts'
import { NO_REJECTIONS, type RejectReason, type Sample } from '../../core/model/sample.ts'
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

/** The part of an edge's sample that comes from counting requests. */
export type Second = Counts & Pick<Sample, 'inFlight' | 'queued' | 'service' | 'wait'>

/** What an edge counts for one endpoint in the second that is running. Times are monotonic us. */
export class Tally {
  readonly held: Level
  readonly inFlight: Level
  private counts: Counts = none()
  private readonly service = new DistributionRecorder()
  private readonly wait = new DistributionRecorder()

  constructor(nowUs: number) {
    this.held = new Level(nowUs)
    this.inFlight = new Level(nowUs)
  }

  offered(): void {
    this.counts.offered++
  }

  attempt(): void {
    this.counts.attempts++
  }

  admitted(waitUs: number): void {
    this.counts.admitted++
    this.wait.add(waitUs)
  }

  /** `serviceUs` is null when nothing was served. */
  completed(outcome: Outcome, serviceUs: number | null, objectiveUs: number | null): void {
    this.counts.completed[outcome]++
    if (isLate(serviceUs, objectiveUs)) this.counts.late++
    if (outcome === 'ok' && serviceUs !== null) this.service.add(serviceUs)
  }

  rejected(reason: RejectReason): void {
    this.counts.rejected[reason]++
  }

  abandoned(): void {
    this.counts.abandoned++
  }

  levels(held: number, inFlight: number, nowUs: number): void {
    this.held.set(held, nowUs)
    this.inFlight.set(inFlight, nowUs)
  }

  /** The counts of the second that ends now; the next one begins. */
  take(nowUs: number): Second {
    const { counts } = this
    this.counts = none()
    return {
      ...counts,
      inFlight: this.inFlight.take(nowUs),
      queued: this.held.take(nowUs),
      service: this.service.take(),
      wait: this.wait.take(),
    }
  }
}

/** Slower than the objective. */
export function isLate(serviceUs: number | null, objectiveUs: number | null): boolean {
  return serviceUs !== null && objectiveUs !== null && serviceUs > objectiveUs
}

export function none(): Counts {
  return {
    offered: 0,
    attempts: 0,
    admitted: 0,
    completed: { ok: 0, client: 0, server: 0 },
    late: 0,
    rejected: { ...NO_REJECTIONS },
    abandoned: 0,
  }
}
