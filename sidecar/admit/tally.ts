import { DistributionRecorder } from '../../core/model/distribution.ts'
import { bucketOf, lowest } from '../../core/model/histogram.ts'
import { NO_REJECTIONS, type RejectReason, type Sample } from '../../core/model/sample.ts'

/** The part of a sample that comes from counting requests. */
export type Counts = Pick<
  Sample,
  | 'us'
  | 'offered'
  | 'attempts'
  | 'admitted'
  | 'completed'
  | 'late'
  | 'rejected'
  | 'abandoned'
  | 'inFlight'
  | 'queued'
  | 'service'
  | 'wait'
  | 'occupancy'
  | 'boundUs'
  | 'tokens'
>

/** A sample holds at most 200 rows of occupancy; beyond this many in flight they share the last. */
const MOST_IN_FLIGHT = 16_384
const ROWS = bucketOf(MOST_IN_FLIGHT) + 1

/** Counts one second. Times are monotonic us; levels are integrated at each change. */
export class Tally {
  private since: number
  private moved: number
  private inFlight = 0
  private queued = 0
  private effective: number
  private counts = { offered: 0, attempts: 0, admitted: 0, late: 0, abandoned: 0, boundUs: 0 }
  private completed = { ok: 0, client: 0, server: 0 }
  private rejected = { ...NO_REJECTIONS }
  private level = { flight: 0, flightMax: 0, queue: 0, queueMax: 0 }
  private readonly service = new DistributionRecorder()
  private readonly wait = new DistributionRecorder()
  private readonly occupiedUs = new Float64Array(ROWS)
  private readonly occupiedOk = new Float64Array(ROWS)
  private readonly occupiedTokens = new Float64Array(ROWS)
  /** The highest row in use: to look at all of them takes longer than all else in a second without requests. */
  private top = 0
  private tokensOut = 0
  private sawTokens = false

  constructor(now: number, effective: number) {
    this.since = now
    this.moved = now
    this.effective = effective
  }

  arrived(edge: boolean): void {
    if (edge) this.counts.attempts++
    else this.counts.offered++
  }

  admitted(waitUs: number): void {
    this.counts.admitted++
    this.wait.add(waitUs)
  }

  rejectedFor(reason: RejectReason): void {
    this.rejected[reason]++
  }

  abandoned(): void {
    this.counts.abandoned++
  }

  /** A completion while `inFlight` still counts it. */
  finished(kind: 'ok' | 'client' | 'server', serviceUs: number, objectiveUs: number | null): void {
    this.completed[kind]++
    // Not every server error: those that come fast are no sign of too many at once, and fewer would not cure them.
    if (objectiveUs !== null && serviceUs > objectiveUs) this.counts.late++
    if (kind !== 'ok') return
    this.service.add(serviceUs)
    const row = this.row()
    this.occupiedOk[row] = (this.occupiedOk[row] ?? 0) + 1
  }

  tokens(count: number): void {
    this.sawTokens = true
    this.tokensOut += count
    const row = this.row()
    this.occupiedTokens[row] = (this.occupiedTokens[row] ?? 0) + count
  }

  /** From `now` on there are this many. */
  move(now: number, inFlight: number, queued: number, effective: number): void {
    this.integrate(now)
    this.inFlight = inFlight
    this.queued = queued
    this.effective = effective
    if (inFlight > this.level.flightMax) this.level.flightMax = inFlight
    if (queued > this.level.queueMax) this.level.queueMax = queued
  }

  /** What the guard judges. */
  judged(): { completed: number; late: number } {
    const { ok, client, server } = this.completed
    return { completed: ok + client + server, late: this.counts.late }
  }

  /** The counts of the second that ends now; the next one starts from the same levels. */
  take(now: number): Counts {
    this.integrate(now)
    const out: Counts = {
      us: Math.max(1, this.moved - this.since),
      ...this.counts,
      completed: this.completed,
      rejected: this.rejected,
      inFlight: { integral: this.level.flight, max: this.level.flightMax, end: this.inFlight },
      queued: { integral: this.level.queue, max: this.level.queueMax, end: this.queued },
      service: this.service.take(),
      wait: this.wait.take(),
      occupancy: this.occupancy(),
      tokens: this.sawTokens ? { in: 0, out: this.tokensOut } : null,
    }
    this.since = this.moved
    this.counts = { offered: 0, attempts: 0, admitted: 0, late: 0, abandoned: 0, boundUs: 0 }
    this.completed = { ok: 0, client: 0, server: 0 }
    this.rejected = { ...NO_REJECTIONS }
    this.level = { flight: 0, flightMax: this.inFlight, queue: 0, queueMax: this.queued }
    this.tokensOut = 0
    this.sawTokens = false
    return out
  }

  private integrate(now: number): void {
    const us = Math.max(0, now - this.moved)
    this.moved = Math.max(now, this.moved)
    this.level.flight += us * this.inFlight
    this.level.queue += us * this.queued
    if (this.inFlight >= this.effective) this.counts.boundUs += us
    const row = this.row()
    this.occupiedUs[row] = (this.occupiedUs[row] ?? 0) + us
  }

  private row(): number {
    const row = bucketOf(Math.min(MOST_IN_FLIGHT, this.inFlight))
    if (row > this.top) this.top = row
    return row
  }

  private occupancy(): number[][] {
    const rows: number[][] = []
    for (let row = 0; row <= this.top; row++) {
      const us = this.occupiedUs[row] ?? 0
      const ok = this.occupiedOk[row] ?? 0
      const tokens = this.occupiedTokens[row] ?? 0
      if (us > 0 || ok > 0 || tokens > 0) rows.push([lowest(row), us, ok, tokens])
    }
    this.occupiedUs.fill(0)
    this.occupiedOk.fill(0)
    this.occupiedTokens.fill(0)
    this.top = 0
    return rows
  }
}
