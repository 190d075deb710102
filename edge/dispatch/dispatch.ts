import { NO_TERMS, type Action, type Ended, type Terms } from './action.ts'
import { RetryBudget } from './budget.ts'
import { ById } from './by-id.ts'
import { Drain } from './drain.ts'
import { age, eject } from './ejection.ts'
import { Fleet } from './fleet.ts'
import { Held, type Item } from './held.ts'
import { Overload } from './overload.ts'
import type { Replica, Slots } from './replica.ts'

const SECOND = 1_000_000
const AGE_EVERY = 5

/**
 * The queue of one endpoint and where its requests go: a state machine. Each call tells it what happened
 * and when (us, monotonic), and gives what to do. It reads no clock and draws no chance of its own.
 */
export class Dispatch {
  private readonly random: () => number
  private readonly mostHeld: () => number
  private readonly items = new ById<Item>()
  private readonly held = new Held()
  private readonly fleet = new Fleet()
  private readonly budget = new RetryBudget()
  private readonly overload = new Overload()
  private readonly drain = new Drain()
  private terms: Terms = NO_TERMS
  private names: ReadonlySet<string> = new Set()
  private hadReplica = false
  private activatedUs = -Infinity
  private judgedUs = -Infinity
  private judgements = 0
  private lastId = -1

  /** `mostHeld`: requests that it may hold now; there is no memory for more. */
  constructor(random: () => number, mostHeld: () => number = () => Infinity) {
    this.random = random
    this.mostHeld = mostHeld
  }

  get heldCount(): number {
    return this.held.size
  }

  get inFlight(): number {
    return this.items.size - this.held.size
  }

  readyReplicas(nowUs: number): number {
    return this.fleet.reachable(nowUs)
  }

  /** Requests that may be held: what most replicas could serve in the time that they may be held. */
  get bound(): number {
    const { growing, holdUs, queueUs, maxReplicas, limit } = this.terms
    const waitUs = growing ? Math.max(holdUs, queueUs) : queueUs
    return Math.min(this.mostHeld(), this.drain.bound(maxReplicas * limit, waitUs))
  }

  table(terms: Terms, nowUs: number): Action[] {
    const changed = terms.limit !== this.terms.limit
    const more = terms.growing && !this.terms.growing
    this.terms = terms
    this.names = new Set(terms.replicas.map(replica => replica.replica))
    this.fleet.set(terms.replicas, terms.limit, changed, nowUs)
    if (more) this.held.extend(item => this.patience(item))
    return this.pump(nowUs)
  }

  /** A new request; ids count up. `clientUs`: until when its client waits, or Infinity. */
  arrive(id: number, clientUs: number, nowUs: number): Action[] {
    if (id <= this.lastId) throw new Error(`request ${id} arrived before ${this.lastId}`)
    this.lastId = id
    this.budget.earn()
    const item: Item = {
      id,
      arrivedUs: nowUs,
      clientUs,
      onTimeUs: Math.min(clientUs, nowUs + this.terms.queueUs),
      deadlineUs: Math.min(clientUs, nowUs + this.terms.queueUs),
      replayable: true,
      repeated: false,
      replica: null,
    }
    this.items.add(id, item)
    const sent = this.atOnce(item, nowUs)
    if (sent !== null) return [sent]
    const actions = this.pump(nowUs)
    if (this.held.size >= this.bound) {
      const oldest = this.held.oldest
      const reject = oldest !== null && oldest.onTimeUs <= nowUs ? oldest : item
      if (reject !== item) this.hold(item, nowUs)
      this.held.remove(reject)
      actions.push(this.reject(reject, 'full', nowUs))
    } else this.hold(item, nowUs)
    return [...actions, ...this.pump(nowUs)]
  }

  /** In calm it goes without having been held: null where something is, or no slot is free. */
  private atOnce(item: Item, nowUs: number): Action | null {
    if (this.held.size > 0 || this.bound <= 0) return null
    const replica = this.fleet.choose(nowUs, this.random)
    if (replica === null) return null
    this.overload.see(null, this.terms.queueUs, nowUs)
    this.hadReplica = true
    if (this.terms.growing) item.deadlineUs = this.patience(item)
    return this.give(item, replica, false, nowUs)
  }

  /** The client went away. */
  leave(id: number, nowUs: number): Action[] {
    const item = this.items.get(id)
    if (item === undefined) return []
    if (!this.held.remove(item)) this.release(item)
    this.items.delete(id)
    return this.pump(nowUs)
  }

  /** The replica admitted it and answers: what it says of its slots counts this request. */
  answered(id: number, slots: Slots | null, nowUs: number): Action[] {
    const replica = this.replicaOf(id)
    replica?.heard(slots, nowUs)
    if (replica !== undefined) replica.trying = false
    return this.pump(nowUs)
  }

  /** Its answer is complete, or broke off. `serviceUs` for successes. */
  done(id: number, ended: Ended, serviceUs: number | null, nowUs: number): Action[] {
    const item = this.items.get(id)
    if (item === undefined) return []
    const replica = this.release(item)
    this.items.delete(id)
    this.drain.add(serviceUs, nowUs)
    if (replica !== undefined && ended === 'good') replica.good++
    if (replica !== undefined && ended === 'bad') replica.bad++
    return this.pump(nowUs)
  }

  /**
   * The replica turned it away unadmitted. It goes back to its place, at no cost. `draining`: the replica
   * said that it is leaving. Only for a request whose body can be sent again; end others with done().
   */
  refused(id: number, slots: Slots | null, draining: boolean, nowUs: number): Action[] {
    const item = this.items.get(id)
    const replica = item === undefined ? undefined : this.release(item)
    if (item === undefined || replica === undefined) return []
    replica.heard(slots, nowUs)
    // A refusal without numbers still says that it is full.
    if (slots === null || slots.inFlight < slots.effective)
      replica.others = Math.max(0, replica.effective - replica.own)
    if (draining) replica.draining = true
    return this.back(item, nowUs)
  }

  /** The connect failed: nothing was sent. */
  unsent(id: number, nowUs: number): Action[] {
    const item = this.items.get(id)
    const replica = item === undefined ? undefined : this.release(item)
    if (item === undefined || replica === undefined) return []
    replica.failed(nowUs)
    if (!this.budget.spend()) return this.fail(item, replica, nowUs)
    return this.back(item, nowUs)
  }

  /** It was sent and nothing came back. Tried once more if `idempotent` and its body can be sent again. */
  lost(id: number, idempotent: boolean, nowUs: number): Action[] {
    const item = this.items.get(id)
    const replica = item === undefined ? undefined : this.release(item)
    if (item === undefined || replica === undefined) return []
    replica.bad++
    // Its process has most likely died: its other kept connections are about to break as well.
    replica.failed(nowUs)
    if (!idempotent || !item.replayable || item.repeated || !this.budget.spend()) {
      return this.fail(item, replica, nowUs)
    }
    item.repeated = true
    return this.back(item, nowUs)
  }

  /** Its body has outgrown the replay buffer. */
  unreplayable(id: number): void {
    const item = this.items.get(id)
    if (item !== undefined) item.replayable = false
  }

  /** Time has passed. Call every few ms while requests are held, else about once a second. */
  tick(nowUs: number): Action[] {
    if (nowUs - this.judgedUs >= SECOND) {
      this.judgedUs = nowUs
      eject(this.fleet, nowUs)
      if (++this.judgements % AGE_EVERY === 0) age(this.fleet)
    }
    return this.pump(nowUs)
  }

  /** The endpoint is gone: all that is held is turned away. */
  close(nowUs: number): Action[] {
    return this.held.takeAll().map(item => this.reject(item, 'no-replica', nowUs))
  }

  private replicaOf(id: number): Replica | undefined {
    const name = this.items.get(id)?.replica
    return name === null || name === undefined ? undefined : this.fleet.get(name)
  }

  private hold(item: Item, nowUs: number): void {
    item.replica = null
    if (this.terms.growing || !this.fleet.anyReachable(nowUs)) {
      item.deadlineUs = this.patience(item)
    }
    this.held.put(item)
  }

  /**
   * Until when a request is held while replicas are missing or on their way. Those keep it that have it when
   * the last one has come: they would otherwise be turned away just when they could be served.
   */
  private patience(item: Item): number {
    const longer = item.arrivedUs + Math.max(this.terms.holdUs, this.terms.queueUs)
    return Math.max(item.deadlineUs, Math.min(item.clientUs, longer))
  }

  private back(item: Item, nowUs: number): Action[] {
    this.hold(item, nowUs)
    return this.pump(nowUs)
  }

  private release(item: Item): Replica | undefined {
    const replica = item.replica === null ? undefined : this.fleet.get(item.replica)
    item.replica = null
    if (replica === undefined) return undefined
    replica.own--
    replica.trying = false
    this.fleet.forget(replica, this.names)
    return replica
  }

  private fail(item: Item, replica: Replica, nowUs: number): Action[] {
    this.items.delete(item.id)
    return [{ kind: 'fail', id: item.id, replica: replica.name }, ...this.pump(nowUs)]
  }

  private reject(item: Item, reason: 'full' | 'late' | 'no-replica', nowUs: number): Action {
    this.items.delete(item.id)
    const retryAfterS = this.drain.retryAfterS(this.held.size, nowUs, this.random)
    return { kind: 'reject', id: item.id, reason, retryAfterS }
  }

  private give(item: Item, replica: Replica, probing: boolean, nowUs: number): Action {
    this.held.remove(item)
    item.replica = replica.name
    replica.own++
    replica.givenUs = nowUs
    if (probing) {
      replica.heardUs = nowUs
      replica.trying = true
    }
    return { kind: 'send', id: item.id, replica: replica.name, probing }
  }

  private pump(nowUs: number): Action[] {
    if (this.held.size === 0) {
      this.overload.see(null, this.terms.queueUs, nowUs)
      return []
    }
    const reachable = this.fleet.anyReachable(nowUs)
    if (this.hadReplica && !reachable) this.held.extend(item => this.patience(item))
    this.hadReplica = reachable
    const actions = this.held
      .expire(nowUs)
      .map(item => this.reject(item, reachable ? 'late' : 'no-replica', nowUs))
    const head = reachable ? this.held.oldest : null
    const waitUs = head === null ? null : nowUs - head.arrivedUs
    const overload = this.overload.see(waitUs, this.terms.queueUs, nowUs)
    this.assign(actions, overload, nowUs)
    if (this.held.size > 0 && !reachable && nowUs - this.activatedUs >= SECOND) {
      this.activatedUs = nowUs
      actions.push({ kind: 'activate' })
    }
    return actions
  }

  private assign(actions: Action[], overload: boolean, nowUs: number): void {
    for (;;) {
      const item = this.held.next(overload, nowUs)
      const replica = item === null ? null : this.fleet.choose(nowUs, this.random)
      if (item === null || replica === null) break
      actions.push(this.give(item, replica, false, nowUs))
    }
    if (this.held.size === 0) return
    for (const replica of this.fleet.untried(nowUs)) {
      const item = this.held.next(overload, nowUs, one => one.replayable)
      if (item === null) break
      actions.push(this.give(item, replica, true, nowUs))
    }
  }
}
