import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Head } from '../core/http/head.ts'
import { rejectReasons, type RejectReason } from '../core/model/sample.ts'
import { HEADERS, UNREACHED } from '../core/model/tables.ts'
import { answerFailed, answerRejection } from './answers.ts'
import { ReplayBody } from './body.ts'
import type { Desk } from './desk.ts'
import type { Slots } from './dispatch/replica.ts'
import type { Outcome } from './dispatch/tally.ts'
import { relay, type Relayed } from './relay.ts'
import { send, type Sending } from './upstream.ts'

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

/** A request from its arrival to its end: what the dispatcher's words mean on the wire. */
export class Call {
  private readonly desk: Desk
  private readonly id: number
  private readonly head: Head
  private readonly request: IncomingMessage
  private readonly response: ServerResponse
  private readonly arrivedUs: number
  private readonly clientUs: number
  private readonly body: ReplayBody
  private sending: Sending | null = null
  private replica = ''
  /** When it was given to the replica that has it now, and when its connection stood. */
  private givenUs = 0
  private sentUs = 0
  private hop = 'connect'
  private replayable = true
  private over = false

  constructor(
    desk: Desk,
    parts: {
      id: number
      head: Head
      request: IncomingMessage
      response: ServerResponse
      arrivedUs: number
      clientUs: number
    },
  ) {
    this.desk = desk
    this.id = parts.id
    this.head = parts.head
    this.request = parts.request
    this.response = parts.response
    this.arrivedUs = parts.arrivedUs
    this.clientUs = parts.clientUs
    this.body = new ReplayBody(parts.request, () => {
      this.replayable = false
      desk.dispatch.unreplayable(this.id)
    })
    parts.response.once('close', () => this.left())
  }

  /** One attempt. */
  send(replica: string): void {
    const { desk } = this
    const upstream = desk.upstream(replica)
    if (upstream === undefined) return desk.run(now => desk.dispatch.unsent(this.id, now))
    this.replica = replica
    this.givenUs = desk.around.clock.us()
    this.sentUs = this.givenUs
    desk.meter.attempt()
    this.sending = send(upstream, this.head, this.ownHeaders(), this.body, {
      connected: () => {
        this.sentUs = desk.around.clock.us()
        if (this.head.expectsContinue) this.response.writeContinue()
      },
      answered: response => this.answered(response),
      failed: (_error, sent) => this.failed(sent),
    })
  }

  /** Turned away before any replica had it. */
  reject(reason: RejectReason, retryAfterS: number): void {
    const shown = reason === 'no-replica' && this.desk.closing ? 'draining' : reason
    this.finish({ reason: shown })
    this.desk.meter.rejected(shown)
    this.body.discard()
    answerRejection(this.head, this.response, shown, retryAfterS, this.answerHeaders())
  }

  /** No replica answers, and it may not be tried again. */
  fail(): void {
    this.finish({ reason: this.hop, status: 502 })
    this.desk.meter.completed('server', null, this.desk.entry.objectiveUs)
    this.body.discard()
    answerFailed(this.response, this.hop, this.answerHeaders())
  }

  private failed(sent: boolean): void {
    const { desk } = this
    this.sending = null
    desk.meter.turned('failed')
    this.hop = sent ? 'replica' : 'connect'
    const idempotent = IDEMPOTENT.has(this.head.method)
    desk.run(now =>
      sent ? desk.dispatch.lost(this.id, idempotent, now) : desk.dispatch.unsent(this.id, now),
    )
  }

  private answered(response: IncomingMessage): void {
    const { desk } = this
    const slots = readSlots(response.headers[HEADERS.slots])
    const reason = response.headers[HEADERS.reason]
    if (isRejectReason(reason)) return this.turnedAway(response, reason, slots)
    if (reason === UNREACHED && this.replayable) return this.unreached(response)
    desk.meter.admitted(this.givenUs - this.arrivedUs)
    desk.run(now => desk.dispatch.answered(this.id, slots, now))
    const added = [HEADERS.waited, String(this.givenUs - this.arrivedUs)]
    if (typeof reason === 'string') added.push(HEADERS.reason, reason)
    if (desk.closing) added.push('connection', 'close')
    relay(response, this.response, added, desk.around.clock, relayed =>
      this.served(response.statusCode ?? 502, relayed),
    )
  }

  /** The sidecar had no slot: back to the queue, or final when the body can't be sent again. */
  private turnedAway(response: IncomingMessage, reason: RejectReason, slots: Slots | null): void {
    const { desk } = this
    this.body.detach()
    this.sending = null
    response.resume()
    desk.meter.turned('full')
    if (this.replayable) {
      return desk.run(now => desk.dispatch.refused(this.id, slots, reason === 'draining', now))
    }
    desk.run(now => desk.dispatch.answered(this.id, slots, now))
    desk.run(now => desk.dispatch.done(this.id, 'unknown', null, now))
    this.reject('no-slot', 1)
  }

  /** The sidecar is there, its model is not: as a connect that failed. */
  private unreached(response: IncomingMessage): void {
    this.body.detach()
    this.sending = null
    response.resume()
    this.desk.meter.turned('failed')
    this.hop = UNREACHED
    this.desk.run(now => this.desk.dispatch.unsent(this.id, now))
  }

  private served(status: number, relayed: Relayed): void {
    if (this.over) return
    const { desk } = this
    const serviceUs = Math.max(0, desk.around.clock.us() - this.sentUs - relayed.pausedUs)
    const outcome = outcomeOf(status, relayed.complete)
    // A client that left while the answer came is abandoned, not an error of the replica.
    if (!relayed.complete && this.response.destroyed) return
    this.sending = relayed.complete ? this.sending : null
    this.finish({ status, serviceUs })
    desk.meter.completed(outcome, serviceUs, desk.entry.objectiveUs)
    desk.run(now =>
      desk.dispatch.done(
        this.id,
        outcome === 'server' ? 'bad' : 'good',
        outcome === 'ok' ? serviceUs : null,
        now,
      ),
    )
    // A replica that answers before it has read everything: what it was still being sent is given up.
    if (!this.request.complete) {
      this.sending?.abort()
      this.body.discard()
    }
  }

  /** The client's connection is gone, or its answer is complete. */
  private left(): void {
    if (this.over) return
    const { desk } = this
    this.finish({ left: true })
    this.sending?.abort()
    desk.meter.abandoned()
    desk.run(now => desk.dispatch.leave(this.id, now))
  }

  private finish(how: {
    reason?: string
    status?: number
    serviceUs?: number
    left?: boolean
  }): void {
    this.over = true
    const { desk } = this
    desk.calls.delete(this.id)
    desk.around.spans.end({
      endpoint: desk.entry.endpoint,
      revision: desk.entry.revision,
      replica: this.replica,
      head: this.head,
      arrivedUs: this.arrivedUs,
      heldUs: (this.givenUs === 0 ? desk.around.clock.us() : this.givenUs) - this.arrivedUs,
      objectiveUs: desk.entry.objectiveUs,
      reason: how.reason ?? null,
      status: how.status ?? null,
      serviceUs: how.serviceUs ?? null,
      left: how.left ?? false,
    })
  }

  private ownHeaders(): Record<string, string> {
    const own: Record<string, string> = { [HEADERS.pass]: this.desk.pass }
    if (this.clientUs !== Infinity) {
      const leftMs = Math.ceil((this.clientUs - this.desk.around.clock.us()) / 1000)
      own[HEADERS.deadline] = String(Math.max(0, leftMs))
    }
    return own
  }

  private answerHeaders(): Record<string, string> {
    const waited = String(this.desk.around.clock.us() - this.arrivedUs)
    return { [HEADERS.waited]: waited, ...(this.desk.closing ? { connection: 'close' } : {}) }
  }
}

function outcomeOf(status: number, complete: boolean): Outcome {
  if (!complete || status >= 500) return 'server'
  return status < 400 ? 'ok' : 'client'
}

function isRejectReason(reason: unknown): reason is RejectReason {
  return rejectReasons.includes(reason as RejectReason)
}

/** "effective;in-flight", or null when it is not that. */
function readSlots(text: unknown): Slots | null {
  const match = typeof text === 'string' ? /^(\d{1,6});(\d{1,6})$/.exec(text) : null
  return match === null ? null : { effective: Number(match[1]), inFlight: Number(match[2]) }
}
