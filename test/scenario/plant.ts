import { ms, rateAt, type Scenario } from './scenario.ts'
import { poisson, seeded } from './random.ts'

/** What happened in one second. Counts, and requests x us. */
export interface Second {
  offered: number
  served: number
  failed: number
  rejected: number
  /** Served, but after waiting longer than 100 ms for a slot. */
  late: number
  inFlight: number
  waiting: number
  waitingMax: number
  waitingEnd: number
  serviceUs: number
  waitUs: number
  boundUs: number
}

const STEP_US = 100_000
const STEPS = 10
/** Requests that wait longer than this are bad. */
const LATE_STEPS = 1

interface Waiting {
  step: number
  count: number
}

/** A fluid plant in steps of 100 ms: one queue in front of all replicas, each with `limit` slots. */
export class Plant {
  private queue: Waiting[] = []
  private coming = new Map<number, number>()
  private step = 0
  private carry = 0
  private readonly random: () => number
  private readonly scenario: Scenario

  constructor(scenario: Scenario) {
    this.scenario = scenario
    this.random = seeded(scenario.seed ?? 1)
  }

  get waiting(): number {
    return this.queue.reduce((sum, w) => sum + w.count, 0)
  }

  /** One second with so many ready replicas. */
  second(at: number, ready: number): Second {
    const out = empty()
    const rate = rateAt(this.scenario.traffic, at)
    for (let i = 0; i < STEPS; i++) this.advance(rate, at, ready, out)
    out.waitingEnd = this.waiting
    return out
  }

  private advance(rate: number, at: number, ready: number, out: Second): void {
    const arrivals = this.arrivals(rate / STEPS) + (this.coming.get(this.step) ?? 0)
    this.coming.delete(this.step)
    out.offered += arrivals
    const failed = this.failures(arrivals, at, ready)
    out.failed += failed
    this.enqueue(arrivals - failed, out)
    const { perStep, serviceUs } = this.capacity(ready, rate)
    this.carry = ready === 0 ? 0 : Math.min(this.carry + perStep, perStep + 1)
    const served = this.serve(Math.floor(this.carry), out)
    this.carry -= served
    out.served += served
    out.inFlight += served * serviceUs
    out.serviceUs = Math.max(out.serviceUs, serviceUs)
    this.expire(ready, out)
    const waiting = this.waiting
    if (waiting > 0) out.boundUs += STEP_US
    out.waiting += waiting * STEP_US
    out.waitingMax = Math.max(out.waitingMax, waiting)
    this.step++
  }

  private arrivals(mean: number): number {
    if (this.scenario.traffic.noise !== false) return poisson(mean, this.random)
    return Math.floor((this.step + 1) * mean) - Math.floor(this.step * mean)
  }

  private failures(arrivals: number, at: number, ready: number): number {
    const { failing } = this.scenario.plant
    if (failing === undefined || ready === 0) return 0
    const now = at * 1000
    return now >= ms(failing.from) && now < ms(failing.until)
      ? Math.round(arrivals * failing.share)
      : 0
  }

  private enqueue(count: number, out: Second): void {
    const { queue = 200 } = this.scenario.plant
    const taken = Math.min(count, Math.max(0, queue - this.waiting))
    if (taken > 0) this.queue.push({ step: this.step, count: taken })
    this.reject(count - taken, out)
  }

  private reject(count: number, out: Second): void {
    if (count === 0) return
    out.rejected += count
    const { retries } = this.scenario.plant
    if (retries === undefined) return
    // Which of the rejected are retries is not followed: of each `times` + 1 tries the last gives up.
    const again = Math.floor((count * retries.times) / (retries.times + 1))
    const when = this.step + Math.max(1, Math.round(ms(retries.after) / 100))
    this.coming.set(when, (this.coming.get(when) ?? 0) + again)
  }

  private capacity(ready: number, rate: number): { perStep: number; serviceUs: number } {
    const { limit, service, processorSharing, sharedCapacity = Infinity } = this.scenario.plant
    const workUs = ms(service) * 1000
    const alone = ready * (processorSharing ? 1 : limit) * (1_000_000 / workUs)
    const perSecond = Math.min(alone, sharedCapacity)
    const busy = this.waiting > perSecond / STEPS
    const full = ready === 0 ? workUs : (ready * limit * 1_000_000) / Math.max(0.001, perSecond)
    const calm = processorSharing ? workUs / Math.max(0.1, 1 - rate / Math.max(1, alone)) : workUs
    return { perStep: perSecond / STEPS, serviceUs: Math.round(busy ? full : Math.min(full, calm)) }
  }

  private serve(most: number, out: Second): number {
    let left = most
    while (left > 0 && this.queue.length > 0) {
      const head = this.queue[0] as Waiting
      const count = Math.min(left, head.count)
      const waited = this.step - head.step
      if (waited > LATE_STEPS) out.late += count
      out.waitUs = Math.max(out.waitUs, waited * STEP_US)
      head.count -= count
      left -= count
      if (head.count === 0) this.queue.shift()
    }
    return most - left
  }

  private expire(ready: number, out: Second): void {
    const { plant, read } = this.scenario
    const deadline = ready === 0 ? read['hold-at-zero'] : ms(plant.queueDeadline ?? '5s')
    const oldest = this.step - deadline / 100
    const gone = this.queue.filter(w => w.step < oldest)
    this.queue = this.queue.filter(w => w.step >= oldest)
    this.reject(
      gone.reduce((sum, w) => sum + w.count, 0),
      out,
    )
  }
}

function empty(): Second {
  return {
    offered: 0,
    served: 0,
    failed: 0,
    rejected: 0,
    late: 0,
    inFlight: 0,
    waiting: 0,
    waitingMax: 0,
    waitingEnd: 0,
    serviceUs: 0,
    waitUs: 0,
    boundUs: 0,
  }
}
