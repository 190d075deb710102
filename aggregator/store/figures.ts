import type { Latest, Window } from '../../core/model/window.ts'
import type { Reader } from './ring.ts'

/** Sums of one sender over a span, without its histograms: enough for means, spreads and rows. */
export class Figures implements Reader {
  samples = 0
  us = 0
  offered = 0
  admitted = 0
  ok = 0
  server = 0
  inFlight = 0
  queued = 0
  serviceSum = 0
  serviceCount = 0
  cpuUs = 0
  cpuAvailable = 0
  /** Of the newest second in the span. */
  latest: Latest | null = null

  add(part: Window): void {
    this.samples += part.samples
    this.us += part.us
    this.offered += part.offered
    this.admitted += part.admitted
    this.ok += part.completed.ok
    this.server += part.completed.server
    this.inFlight += part.inFlight.integral
    this.queued += part.queued.integral
    this.serviceSum += part.service.sum
    this.serviceCount += part.service.count
    this.cpuUs += part.cpu.us
    this.cpuAvailable += part.cpu.available
    this.latest ??= part.latest
  }

  /** As they are now; adding goes on. */
  copy(): Figures {
    return Object.assign(new Figures(), this)
  }

  inFlightMilli(): number {
    return this.us === 0 ? 0 : Math.round((this.inFlight * 1000) / this.us)
  }

  queuedMilli(): number {
    return this.us === 0 ? 0 : Math.round((this.queued * 1000) / this.us)
  }

  /** Admitted requests a second x 1000. */
  admittedMilli(): number {
    return this.us === 0 ? 0 : Math.round((this.admitted * 1e9) / this.us)
  }

  serviceUs(): number | null {
    return this.serviceCount === 0 ? null : Math.round(this.serviceSum / this.serviceCount)
  }

  cpuPermille(): number | null {
    return this.cpuAvailable === 0 ? null : Math.round((this.cpuUs * 1000) / this.cpuAvailable)
  }
}
