import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube } from './client.ts'
import { statusOf } from './error.ts'
import {
  deleted,
  durationMs,
  emptied,
  epochOf,
  holderOf,
  renewed,
  type LeaseObject,
  type LeaseTimes,
} from './lease-record.ts'
import { systemTime, type Time } from './time.ts'

export interface LeaseOptions {
  kube: Kube
  namespace: string
  name: string
  /** Of this process and no other, not even of its successor in the same pod. */
  identity: string
  on: {
    elected(): void
    /** Once, for good: whoever lost it ends, and starts anew as another candidate. */
    lost(why: string): void
    /** Who holds it now, as far as is seen; empty: nobody. */
    holder?(identity: string): void
  }
  log: Log
  times?: Partial<LeaseTimes>
  time?: Time
  /** UTC in ms since 1970: a label for people. */
  utc?: () => number
}

/** It is not, or no longer, ours: what was to be done under it must not be done. */
export class NotHeld extends Error {}

/** Candidates ask this often, times 1 to 2.2. */
const JITTER = 1.2

/**
 * Leader election as client-go's, on a coordination.k8s.io Lease. Times of others are never compared with
 * ours: a record counts as abandoned when we saw it unchanged for its duration by our own monotonic clock.
 * The holder believes in it for the shorter renew deadline, counted from when the last successful write
 * was sent, so that two never believe at once while clocks run at about the same rate.
 */
export class Lease {
  private readonly options: LeaseOptions
  private readonly times: LeaseTimes
  private readonly time: Time
  private readonly path: string
  private phase: 'seeking' | 'leading' | 'over' = 'seeking'
  /** As last seen; null: there is none. */
  private seen: LeaseObject | null = null
  /** When its spec was first seen as it is. */
  private seenAt = -Infinity
  /** When the last write that succeeded was sent. */
  private renewedAt = -Infinity
  private failing = false
  private queue: Promise<unknown> = Promise.resolve()
  private cancelNext = (): void => undefined
  private cancelDeadline = (): void => undefined

  constructor(options: LeaseOptions) {
    this.options = options
    this.time = options.time ?? systemTime
    this.path = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`
    this.times = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000, ...options.times }
    const { leaseMs, renewDeadlineMs, retryMs } = this.times
    if (!(leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs * JITTER && leaseMs % 1000 === 0))
      throw new Error(
        `expected whole seconds of lease > renew deadline > ${JITTER} x retry, got ` +
          `${leaseMs}, ${renewDeadlineMs}, ${retryMs} ms`,
      )
  }

  start(): void {
    this.turn()
  }

  /** Whether it is ours at this monotonic ms. A process that was frozen learns it here, before it acts. */
  held(now: number = this.time.now()): boolean {
    return this.phase === 'leading' && now < this.renewedAt + this.times.renewDeadlineMs
  }

  /** As last seen; empty: nobody. */
  get holder(): string {
    return holderOf(this.seen)
  }

  /** The largest epoch that a leader has written, as last seen; 0: none has. */
  get epoch(): number {
    return epochOf(this.seen)
  }

  figures(): { held: boolean; transitions: number; renewedAgoMs: number | null } {
    const ago = this.time.now() - this.renewedAt
    return {
      held: this.held(),
      transitions: this.seen?.spec?.leaseTransitions ?? 0,
      renewedAgoMs: Number.isFinite(ago) ? Math.round(ago) : null,
    }
  }

  /** Writes the epoch into the Lease. Rejects (NotHeld) when it is not ours any more. */
  raiseEpoch(epoch: number): Promise<void> {
    return this.exclusively(async () => {
      for (let tries = 0; tries < 3; tries++) {
        if (!this.held()) break
        if (epoch < this.epoch)
          throw new Error(`expected an epoch of at least ${this.epoch}, got ${epoch}`)
        try {
          await this.write(epoch)
          if (this.held()) return
        } catch (error) {
          if (statusOf(error) !== 409) throw error
          // Somebody wrote: a person who annotates, or another holder.
          await this.read()
          if (this.holder !== this.options.identity)
            this.lose(`${this.holder || 'nobody'} holds it`)
        }
      }
      throw new NotHeld(`epoch ${epoch}: the lease is not held`)
    })
  }

  /** Ends: gives it up if it is ours, so that another needs no wait. Never rejects. */
  async release(): Promise<void> {
    // First of all: nothing is done under it from here on.
    this.end()
    await this.exclusively(async () => {
      const { identity, utc = Date.now } = this.options
      if (this.seen === null || this.holder !== identity) return
      await this.options.kube.replace(this.pathOf(), emptied(this.seen, utc()))
    }).catch((error: unknown) => {
      this.options.log('warn', `the lease was not released: ${wordsOfError(error)}`)
    })
  }

  private turn(): void {
    void this.exclusively(() => this.attempt())
      .then(() => (this.failing = false))
      .catch((error: unknown) => {
        const path = this.pathOf()
        if (!this.failing) this.options.log('warn', `${path}: ${wordsOfError(error)}; tried again`)
        this.failing = true
      })
      .finally(() => {
        if (this.phase === 'over') return
        const jitter = this.phase === 'leading' ? 0 : JITTER * this.time.random()
        this.cancelNext = this.time.after(this.times.retryMs * (1 + jitter), () => this.turn())
      })
  }

  /** client-go's tryAcquireOrRenew. */
  private async attempt(): Promise<void> {
    const { identity } = this.options
    if (this.phase === 'leading' && this.holder === identity) {
      try {
        return await this.write(this.epoch)
      } catch (error) {
        if (statusOf(error) !== 409 && statusOf(error) !== 404) throw error
      }
    }
    await this.read()
    if (this.phase === 'over') return
    if (this.phase === 'leading' && this.holder !== identity)
      return this.lose(`${this.holder || 'nobody'} holds it`)
    const until = this.seenAt + durationMs(this.seen, this.times)
    if (this.holder !== identity && this.time.now() < until) return
    await this.write(this.epoch).catch((error: unknown) => {
      // Another candidate was faster.
      if (statusOf(error) !== 409) throw error
    })
  }

  private async read(): Promise<void> {
    try {
      this.saw(await this.options.kube.get<LeaseObject>(this.pathOf()))
    } catch (error) {
      if (statusOf(error) !== 404) throw error
      // Its holder goes on believing for a while, so one that was deleted is waited for like one that is
      // not renewed: what was seen stays, to be written anew.
      if (this.seen !== null) this.seen = deleted(this.seen)
    }
  }

  /** Makes or keeps it ours. The moment before counts as that of the renewal. */
  private async write(epoch: number): Promise<void> {
    const { kube, identity, name, utc = Date.now } = this.options
    const sent = this.time.now()
    const body = renewed(this.seen, { name, identity, epoch, utc: utc(), times: this.times })
    const answer =
      body.metadata.resourceVersion === undefined
        ? await kube.create<LeaseObject>(this.path, body)
        : await kube.replace<LeaseObject>(this.pathOf(), body)
    this.renewedAt = sent
    this.saw(answer)
    if (this.phase === 'over') return
    this.cancelDeadline()
    const left = sent + this.times.renewDeadlineMs - this.time.now()
    // Answered too late: it is ours in the record only, and the next try finds that.
    if (left <= 0 && this.phase === 'seeking') return
    this.cancelDeadline = this.time.after(left, () => {
      this.lose(`not renewed within ${this.times.renewDeadlineMs} ms`)
    })
    if (this.phase === 'leading') return
    this.phase = 'leading'
    this.options.on.elected()
  }

  private saw(lease: LeaseObject): void {
    const before = this.seen
    this.seen = lease
    if (JSON.stringify(before?.spec) !== JSON.stringify(lease.spec)) this.seenAt = this.time.now()
    if (holderOf(before) !== holderOf(lease)) this.options.on.holder?.(holderOf(lease))
  }

  private lose(why: string): void {
    if (this.phase !== 'leading') return
    this.end()
    this.options.on.lost(why)
  }

  private end(): void {
    this.phase = 'over'
    this.cancelNext()
    this.cancelDeadline()
  }

  private exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.queue.then(run)
    this.queue = result.catch(() => undefined)
    return result
  }

  private pathOf(): string {
    return `${this.path}/${this.options.name}`
  }
}
