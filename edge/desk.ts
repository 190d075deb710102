import type { Kept } from '../core/carry/kept.ts'
import type { RejectReason } from '../core/model/sample.ts'
import { HEADERS, type ReplicaTable } from '../core/model/tables.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Log } from '../core/runtime/log.ts'
import type { FrontBounds } from './bounds.ts'
import type { Action } from './dispatch/action.ts'
import { ById } from './dispatch/by-id.ts'
import { Dispatch } from './dispatch/dispatch.ts'
import { Meter } from './meter.ts'
import type { Place, Places } from './places.ts'
import type { Spans } from './spans.ts'
import { Upstream, type Reach } from './upstream.ts'

export type Entry = ReplicaTable['endpoints'][number]

/** What surrounds all endpoints of a process. */
export interface Surroundings extends Reach {
  edge: string
  clock: Clock
  random(): number
  log: Log
  spans: Spans
  bounds: FrontBounds
  /** Bytes that clients make us keep. */
  kept: Kept
  /** For requests that are held: there is memory for so many. */
  places: Places
  /** Requests are held and there is no replica. */
  activate(endpoint: string): void
}

/** A request that the dispatcher has: what it says of it. */
interface Held {
  send(replica: string, nowUs: number): void
  reject(reason: RejectReason, retryAfterS: number): void
  fail(): void
  giveUp(): void
}

const HOLD_US = 30_000_000
/** Without a table for so long, nobody promises more replicas any more. */
const SILENT_US = 30_000_000
/** How often the dispatcher hears that time has passed while requests are held. */
const TICK_MS = 5

/** One endpoint in this process: its dispatcher, the requests it holds, the way to its replicas. */
export class Desk {
  readonly around: Surroundings
  readonly calls = new ById<Held>()
  readonly meter: Meter
  readonly dispatch: Dispatch
  readonly tunnels = new Set<() => void>()
  closing = false
  entry: Entry
  /** The signed pass as it goes with each attempt, and as a line of its head. */
  pass = ''
  passLine = ''
  private readonly upstreams = new Map<string, Upstream>()
  private readonly place: Place
  private lastId = -1
  private tableUs = 0
  private timer: (() => void) | null = null
  private readonly waiting: Action[] = []
  private running = false

  constructor(entry: Entry, around: Surroundings) {
    this.entry = entry
    this.around = around
    this.meter = new Meter(around.clock.us())
    const place = around.places.join()
    this.place = place
    this.dispatch = new Dispatch(around.random, () => place.most)
    this.table(entry)
  }

  nextId(): number {
    return ++this.lastId
  }

  table(entry: Entry): void {
    this.entry = entry
    this.pass = Buffer.from(JSON.stringify(entry.pass)).toString('base64url')
    const passLine = `${HEADERS.pass}: ${this.pass}\r\n`
    // The very same string as long as it says the same: it is compared with each request.
    if (passLine !== this.passLine) this.passLine = passLine
    const names = new Set(entry.replicas.map(replica => replica.replica))
    for (const [name, upstream] of this.upstreams) {
      // Requests under way keep their sockets; only idle ones are closed with the pool.
      if (!names.has(name)) this.forget(upstream)
    }
    for (const { replica, address } of entry.replicas) {
      const known = this.upstreams.get(replica)
      if (known?.address === address) continue
      if (known !== undefined) this.forget(known)
      this.upstreams.set(replica, new Upstream(replica, address, this.around))
    }
    const { limit, queueUs, holdUs = HOLD_US, growing = false, maxReplicas, replicas } = entry
    this.tableUs = this.around.clock.us()
    const terms = { limit, queueUs, holdUs, growing, maxReplicas, replicas }
    this.run(now => this.dispatch.table(terms, now))
  }

  upstream(replica: string): Upstream | undefined {
    return this.upstreams.get(replica)
  }

  /** For an upgrade, which takes no slot: a ready replica by chance. */
  anyUpstream(): Upstream | undefined {
    const ready = this.entry.replicas.filter(replica => replica.ready)
    const one = ready[Math.floor(this.around.random() * ready.length)]
    return one === undefined ? undefined : this.upstreams.get(one.replica)
  }

  /** Tells the dispatcher something and does what it says. What that sets off runs afterwards, in order. */
  run(tell: (nowUs: number) => readonly Action[]): void {
    const now = this.around.clock.us()
    this.follow(tell(now), now)
  }

  /** Does what the dispatcher has said at that time. What that sets off runs afterwards, in order. */
  follow(said: readonly Action[], now: number): void {
    for (const action of said) this.waiting.push(action)
    this.place.holds(this.dispatch.heldCount)
    if (this.running) return
    this.running = true
    try {
      for (let action = this.waiting.shift(); action !== undefined; action = this.waiting.shift()) {
        this.act(action, now)
      }
    } finally {
      this.running = false
    }
    this.meter.levels(this.dispatch.heldCount, this.dispatch.inFlight, now)
    if (this.dispatch.heldCount > 0 && this.timer === null) {
      this.timer = this.around.time.after(TICK_MS, () => {
        this.timer = null
        this.run(later => this.dispatch.tick(later))
      })
    }
  }

  /** Closes connections to replicas that rested long enough. */
  sweep(nowMs: number): void {
    for (const upstream of this.upstreams.values()) upstream.look(nowMs)
  }

  /** Each second, held requests or not. */
  second(): void {
    // Who promised more replicas is away.
    const silentUs = this.around.clock.us() - this.tableUs
    if (this.entry.growing === true && silentUs > SILENT_US) {
      this.table({ ...this.entry, growing: false })
    }
    this.run(now => this.dispatch.tick(now))
  }

  /** Nothing new comes: turns away what is held, lets the rest end. */
  close(): void {
    this.closing = true
    this.run(now => this.dispatch.close(now))
  }

  /** Frees everything. */
  destroy(): void {
    this.timer?.()
    this.place.leave()
    for (const close of this.tunnels) close()
    for (const call of this.calls.values()) call.giveUp()
    for (const upstream of this.upstreams.values()) upstream.close()
  }

  private act(action: Action, nowUs: number): void {
    if (action.kind === 'activate') return this.around.activate(this.entry.endpoint)
    const call = this.calls.get(action.id)
    if (call === undefined) return
    if (action.kind === 'send') call.send(action.replica, nowUs)
    else if (action.kind === 'reject') call.reject(action.reason, action.retryAfterS)
    else call.fail()
  }

  private forget(upstream: Upstream): void {
    this.upstreams.delete(upstream.replica)
    upstream.close()
  }
}
