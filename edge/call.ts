import type { Asked, Asker } from '../core/carry/asker.ts'
import type { Upload } from '../core/carry/upload.ts'
import type { AnswerHead } from '../core/http/answer.ts'
import { isIdempotent } from '../core/http/methods.ts'
import type { RequestHead } from '../core/http/request.ts'
import { rejectReasons, type RejectReason } from '../core/model/sample.ts'
import { HEADERS, UNREACHED } from '../core/model/tables.ts'
import { failed, rejected } from './answers.ts'
import { Attempt, REPLAY_BYTES, type AttemptEvents } from './attempt.ts'
import type { Desk } from './desk.ts'
import type { Slots } from './dispatch/replica.ts'
import type { Outcome } from './dispatch/tally.ts'

/**
 * One request, top to bottom, whichever way its client speaks; docs/edge.md lists the same steps in the same order.
 * What the dispatcher says (Desk.act) comes back as `send`, `reject` and `fail`.
 */
export class Call implements Asked, AttemptEvents {
  private readonly desk: Desk
  private readonly id: number
  private readonly head: RequestHead
  private readonly upload: Upload
  private readonly asker: Asker
  private readonly arrivedUs: number
  private readonly clientUs: number
  private attempt: Attempt | null = null
  private replica = ''
  /** When it was given to the replica that has it now, and when its connection stood. */
  private givenUs = 0
  private sentUs = 0
  private hop = 'connect'
  private status = 0
  private replayable = true
  private toldToGoOn = false
  private over = false

  constructor(desk: Desk, head: RequestHead, upload: Upload, asker: Asker, arrivedUs: number) {
    this.desk = desk
    this.id = desk.nextId()
    // 1 Parse: the head was read strictly
    this.head = head
    this.upload = upload
    this.asker = asker
    this.arrivedUs = arrivedUs
    // 2 Deadline
    this.clientUs = arrivedUs + patienceUs(head)
  }

  start(): void {
    const { desk, upload } = this
    if (!upload.done) {
      upload.keep(REPLAY_BYTES, () => {
        this.replayable = false
        desk.dispatch.unreplayable(this.id)
      })
    }
    // 3 Hold, until a replica has a free slot: at once in calm
    desk.meter.offered()
    desk.calls.add(this.id, this)
    desk.follow(desk.dispatch.arrive(this.id, this.clientUs, this.arrivedUs), this.arrivedUs)
  }

  /** 4 Forward: one attempt. */
  send(replica: string, nowUs: number): void {
    const { desk, head, upload, asker } = this
    const upstream = desk.upstream(replica)
    if (upstream === undefined) return desk.run(now => desk.dispatch.unsent(this.id, now))
    const { clock, time } = desk.around
    this.replica = replica
    this.givenUs = nowUs
    this.sentUs = nowUs
    desk.meter.attempt()
    const { words } = upstream
    this.attempt = new Attempt(
      { head, upload, asker, clock, time, words, lanes: upstream, pass: desk.passLine },
      this,
    )
    this.attempt.start(upstream, nowUs)
  }

  connected(nowUs: number): string {
    this.sentUs = nowUs
    if (this.head.expectsContinue && !this.toldToGoOn) this.asker.goOn()
    this.toldToGoOn = true
    if (this.clientUs === Infinity) return ''
    const leftMs = Math.ceil((this.clientUs - nowUs) / 1000)
    return `${HEADERS.deadline}: ${Math.max(0, leftMs)}\r\n`
  }

  answered(
    head: AnswerHead,
    { slots, reason }: { slots: Slots | null; reason: string | null },
  ): boolean {
    const { desk } = this
    if (isRejectReason(reason)) return this.turnedAway(reason, slots)
    if (reason === UNREACHED && this.replayable) return this.unreached()
    desk.meter.admitted(this.givenUs - this.arrivedUs)
    this.status = head.status
    desk.run(now => desk.dispatch.answered(this.id, slots, now))
    const own = [HEADERS.waited, String(this.givenUs - this.arrivedUs)]
    if (reason !== null) own.push(HEADERS.reason, reason)
    this.asker.begin(head, own)
    return true
  }

  /** The sidecar had no slot: back to the queue, or final when the body can't be sent again. */
  private turnedAway(reason: RejectReason, slots: Slots | null): false {
    const { desk } = this
    this.attempt?.detach()
    this.attempt = null
    desk.meter.turned('full')
    if (this.replayable) {
      desk.run(now => desk.dispatch.refused(this.id, slots, reason === 'draining', now))
      return false
    }
    desk.run(now => desk.dispatch.answered(this.id, slots, now))
    desk.run(now => desk.dispatch.done(this.id, 'unknown', null, now))
    this.reject('no-slot', 1)
    return false
  }

  /** The sidecar is there, its model is not: as a connect that failed. */
  private unreached(): false {
    this.attempt?.detach()
    this.attempt = null
    this.desk.meter.turned('failed')
    this.hop = UNREACHED
    this.desk.run(now => this.desk.dispatch.unsent(this.id, now))
    return false
  }

  failed(sent: boolean): void {
    const { desk } = this
    this.attempt = null
    if (this.over) return
    if (this.status !== 0) return this.brokeOff()
    desk.meter.turned('failed')
    this.hop = sent ? 'replica' : 'connect'
    const idempotent = isIdempotent(this.head.method)
    desk.run(now =>
      sent ? desk.dispatch.lost(this.id, idempotent, now) : desk.dispatch.unsent(this.id, now),
    )
  }

  whole(nowMs: number, pausedUs: number): void {
    if (this.over) return
    // What the replica was still being sent when it had answered is given up.
    if (!this.upload.done) this.upload.drop()
    this.asker.end()
    this.served(outcomeOf(this.status), Math.round(nowMs * 1000), pausedUs)
    this.asker.done(nowMs)
  }

  /** Cut off, so that the client sees an answer that is not whole. */
  private brokeOff(): void {
    this.upload.drop()
    this.served('server', this.desk.around.clock.us(), 0)
    this.asker.cut()
  }

  private served(outcome: Outcome, nowUs: number, pausedUs: number): void {
    const { desk, status } = this
    // 5 Measure
    const serviceUs = Math.max(0, nowUs - this.sentUs - pausedUs)
    this.attempt = null
    this.finish({ status, serviceUs })
    desk.meter.completed(outcome, serviceUs, desk.entry.objectiveUs)
    // 6 Release
    const ended = outcome === 'server' ? 'bad' : 'good'
    const servedUs = outcome === 'ok' ? serviceUs : null
    desk.follow(desk.dispatch.done(this.id, ended, servedUs, nowUs), nowUs)
  }

  /** Turned away before any replica had it. */
  reject(reason: RejectReason, retryAfterS: number): void {
    const shown = reason === 'no-replica' && this.desk.closing ? 'draining' : reason
    this.finish({ reason: shown })
    this.desk.meter.rejected(shown)
    this.upload.drop()
    this.asker.say(rejected(this.head, shown, retryAfterS, this.waited()))
  }

  /** No replica answers, and it may not be tried again. */
  fail(): void {
    this.finish({ reason: this.hop, status: 502 })
    this.desk.meter.completed('server', null, this.desk.entry.objectiveUs)
    this.upload.drop()
    // A body that was never asked for may never come: the next request could not be told from it.
    const unasked = this.head.expectsContinue && !this.toldToGoOn
    const close = unasked ? { connection: 'close' } : {}
    this.asker.say(failed(this.hop, { ...this.waited(), ...close }))
  }

  /** There is no time left: who has had no answer is told so. */
  giveUp(): void {
    if (this.status !== 0) return
    if (this.attempt === null) return this.reject('draining', 1)
    this.attempt.abort()
    this.attempt = null
    this.hop = 'replica'
    this.fail()
  }

  clientDrained(): void {
    this.attempt?.clientDrained()
  }

  /** The client's connection is gone, or can't be understood. */
  leave(): void {
    if (this.over) return
    const { desk } = this
    this.finish({ left: true })
    this.attempt?.abort()
    this.attempt = null
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

  private waited(): Record<string, string> {
    return { [HEADERS.waited]: String(this.desk.around.clock.us() - this.arrivedUs) }
  }
}

function outcomeOf(status: number): Outcome {
  return status < 400 ? 'ok' : status < 500 ? 'client' : 'server'
}

function isRejectReason(reason: string | null): reason is RejectReason {
  return reason !== null && rejectReasons.includes(reason as RejectReason)
}

/** us that the client says it will wait, or Infinity. */
function patienceUs({ own }: RequestHead): number {
  const text = own?.['deadline-ms']
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Infinity
}
