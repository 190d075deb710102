import type { Clock } from '../core/runtime/clock.ts'
import { SecondsHistogram } from '../core/runtime/metrics.ts'
import { signals } from '../core/model/signals.ts'
import type { Admission, Ended, Ticket } from './admit/admission.ts'

/** The clock, the timers and the waiting around the pure admission. */
export interface Gate {
  /** Resolves when the ticket is no longer queued: at once unless it must wait. */
  enter(arrivedUs: number, who: { edge: boolean; patienceUs: number | null }): Entry
  finish(ticket: Ticket, ended: Ended, nowUs?: number): void
  leave(ticket: Ticket): void
  /** Tells those whose tickets changed. */
  wake(changed: readonly Ticket[]): void
  /** Of admitted requests since the start, for /metrics. */
  readonly service: SecondsHistogram
  readonly wait: SecondsHistogram
}

export interface Entry {
  ticket: Ticket
  /** null: it need not wait. */
  settled: Promise<void> | null
}

export function gate(admission: Admission, clock: Clock): Gate {
  const waiting = new Map<Ticket, () => void>()
  const service = new SecondsHistogram(signals.sidecar.outrigger_service_seconds.buckets)
  const wait = new SecondsHistogram(signals.sidecar.outrigger_queue_wait_seconds.buckets)

  function wake(changed: readonly Ticket[]): void {
    for (const ticket of changed) {
      if (ticket.state === 'in-flight') wait.add(ticket.admittedUs - ticket.arrivedUs)
      waiting.get(ticket)?.()
      waiting.delete(ticket)
    }
  }

  function queued(ticket: Ticket): Promise<void> {
    return new Promise(resolve => {
      const left = Math.max(0, ticket.deadlineUs - clock.us()) / 1000
      // A timer may fire a little early by our clock: the deadline counts.
      const timer = setTimeout(() => {
        wake(admission.expire(Math.max(clock.us(), ticket.deadlineUs)))
      }, left)
      waiting.set(ticket, () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  return {
    service,
    wait,
    wake,
    enter(arrivedUs, who) {
      const ticket = admission.arrive(arrivedUs, who)
      if (ticket.state === 'in-flight') wait.add(0)
      return { ticket, settled: ticket.state === 'queued' ? queued(ticket) : null }
    },
    finish(ticket, ended, nowUs = clock.us()) {
      if (ended.kind === 'ok' && ticket.state === 'in-flight') service.add(ended.serviceUs)
      wake(admission.finish(ticket, nowUs, ended))
    },
    leave(ticket) {
      const was = ticket.state
      wake(admission.leave(ticket, clock.us()))
      if (was === 'queued') wake([ticket])
    },
  }
}
