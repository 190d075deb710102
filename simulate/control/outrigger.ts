import { Store } from '../../aggregator/store/store.ts'
import {
  decide,
  decideAll,
  due,
  fresh,
  type State,
  type Verdict,
} from '../../controller/decide/decide.ts'
import { isPressed, mayGrow } from '../../controller/decide/pressed.ts'
import { summarise, total } from '../../controller/decide/summarise.ts'
import { learnedLimit, objectiveUs, queueDeadlineUs } from '../../controller/decide/vertical.ts'
import type { Order } from '../../core/model/order.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { Settings } from '../../core/model/settings.ts'
import type { PlatformEndpoint, PlatformReplica, Targets } from '../../core/model/tables.ts'
import { Edges, type EdgeTerms } from '../path/edges.ts'
import type { Pod } from '../path/pod.ts'
import { Sidecar } from '../path/sidecar.ts'
import { UNSEEN } from '../plants/model.ts'
import type { World } from '../world.ts'
import type { Control } from './control.ts'
import { edgeSecond, ENDPOINT, msOf, REVISION, sampleOf } from './samples.ts'

const SECOND_US = 1_000_000
/** Aggregator and controller each have a beat of a second: the one folds so long before the other looks, in the mean. */
const FOLDED_MS = 500

/**
 * Our own control of a simulated world: samples go to the production store of windows, the production
 * decider decides on them, orders and counts go back. Each replica and edge has its seconds begin at its own
 * moment, from its start on: the decider sees the newest second that was over everywhere when the aggregator
 * folded, and an order is in force from a sidecar's next second on.
 */
export class Outrigger implements Control {
  state: State
  readonly reasons = new Set<string>()
  private readonly settings: Settings
  private readonly scales: boolean
  private readonly startUpUs: number
  private readonly store = new Store()
  /** What the aggregator has when it folds, and what comes after that. */
  private ready: Sample[] = []
  private fresh: Sample[] = []
  private order: Order | null = null
  private decided: number | null = null
  private looked: number | null = null
  private seconds = 0
  private version = 0
  private targeted = ''
  private growing = false

  /**
   * `scales`: decides replicas too; otherwise the limit alone. `startUpUs`: what those took to start that are
   * there from the beginning.
   */
  constructor(settings: Settings, scales: boolean, startUpUs = 0) {
    this.settings = settings
    this.scales = scales
    this.startUpUs = startUpUs
    this.state = fresh(settings, REVISION)
  }

  get limit(): number {
    return this.settings['fixed-limit'] ?? learnedLimit(this.state.limit)
  }

  get terms(): EdgeTerms {
    const { limit } = this.state
    return {
      growing: this.growing,
      limit: this.limit,
      queueUs: queueDeadlineUs(limit, this.settings),
      holdUs: this.settings['hold-at-zero'] * 1000,
      maxReplicas: this.settings['max-replicas'],
      objectiveUs: objectiveUs(limit, this.settings),
    }
  }

  /** A second of virtual time has ended. */
  second(world: World): void {
    const { nowUs } = world
    const asked = world.front instanceof Edges && world.front.asked()
    this.target(world)
    for (const sample of this.ready) {
      const from = { kind: sample.kind, endpoint: ENDPOINT, replica: sample.replica }
      this.store.take(from, sample, 0, msOf(nowUs) - FOLDED_MS)
    }
    const pressed = isPressed(sumOf(this.ready, 'edge'), sumOf(this.ready, 'replica'))
    this.ready = this.fresh
    this.fresh = []
    if (++this.seconds % 300 === 0) this.store.forget(msOf(nowUs))
    this.decide(world, asked, pressed)
    this.tend(world)
    const growing = this.mayGrow(world)
    if (growing !== this.growing && world.front instanceof Edges) {
      this.growing = growing
      world.route(world.front.told(this.terms, nowUs))
    }
  }

  /** Ends the second of those whose moment it is. */
  tenth(world: World, tenth: number): void {
    const samples = tenth * 100 < 1000 - FOLDED_MS ? this.ready : this.fresh
    for (const pod of world.pods.slice()) {
      if (!(pod.gate instanceof Sidecar) || phaseOf(pod.index) !== tenth) continue
      const measured = pod.phase === 'starting' ? UNSEEN : pod.model.measure(world.nowUs)
      const { sample, passed } = sampleOf(pod, pod.gate, measured, world.nowUs)
      world.passed(pod, passed)
      // Its sidecar began in the middle of one.
      if (sample.us >= SECOND_US) samples.push(sample)
    }
    if (!(world.front instanceof Edges)) return
    for (let edge = 0; edge < world.front.count; edge++) {
      if (phaseOf(edge + 1) !== tenth) continue
      const { second, routed } = world.front.second(edge, world.nowUs)
      world.route(routed)
      samples.push(edgeSecond(`edge-${edge}`, this.seconds, second, world.nowUs))
    }
  }

  private target(world: World): void {
    const there = world.pods
    const text = there.map(({ name, phase }) => `${name} ${phase}`).join(',')
    if (text === this.targeted) return
    this.targeted = text
    const edges = world.front instanceof Edges ? world.front.count : 0
    this.store.setTargets(
      [
        ...there.map(({ name, phase }) => targetOf(name, phase === 'ready' || phase === 'down')),
        ...Array.from({ length: edges }, (_, i) => edgeTarget(`edge-${i}`)),
      ],
      msOf(world.nowUs),
    )
  }

  private mayGrow(world: World): boolean {
    const means = { overrides: [], now: msOf(world.nowUs), able: true }
    const seen = platformOf(world, this.startUpUs)
    return this.scales && mayGrow(seen, this.state.replicas, this.settings, means)
  }

  private decide(world: World, activate: boolean, waits: boolean): void {
    const now = msOf(world.nowUs)
    const { settings, decided, looked } = this
    const pressed = waits && this.mayGrow(world)
    const is = due(this.state, settings, now, { decided, looked, revision: REVISION, pressed })
    this.looked = now
    const waiting: ('replicas' | 'limit')[] = []
    if (is.limit) waiting.push('limit')
    if (this.scales && (is.replicas || activate)) waiting.push('replicas')
    if (waiting.length === 0) return
    const windows = this.store.windows(ENDPOINT, now - FOLDED_MS, true)
    const n = this.order?.n
    const folds = (windows?.folds[REVISION] ?? []).filter(
      fold => n === undefined || fold.order.n === n,
    )
    const observed = {
      windows,
      windowAgeMs: windows === null ? null : now - windows.at,
      platform: platformOf(world, this.startUpUs),
      platformVersion: ++this.version,
      now,
      since: this.decided,
      overrides: [],
      activate,
    }
    decideAll(waiting, this.state, settings, now, this.decided, (what, state) => {
      if (what === 'replicas' && !this.scales) return state
      const inputs = summarise({ ...observed, folds: what === 'limit' ? folds : [] })
      const subject = { endpoint: ENDPOINT, revision: REVISION }
      const { verdict, state: after } = decide(what, subject, inputs, state, settings, now)
      this.state = after
      if (what === 'replicas') this.decided = now
      for (const { code } of verdict.reasons) this.reasons.add(code)
      this.act(verdict, world, now)
      return after
    })
  }

  private act({ outcome }: Verdict, world: World, now: number): void {
    if (!outcome.act) return
    if (outcome.order === null) return world.scale(outcome.to, outcome.victims)
    const named = { endpoint: ENDPOINT, revision: REVISION, epoch: 1, decision: '', issued: now }
    this.order = { v: 1, ...named, ...outcome.order }
    if (world.front instanceof Edges) world.route(world.front.told(this.terms, world.nowUs))
  }

  /** Brings each sidecar to the order in force. */
  private tend(world: World): void {
    const { order } = this
    if (order === null) return
    for (const { gate } of world.pods) {
      if (gate instanceof Sidecar && gate.order !== order.n) gate.take(order)
    }
  }
}

/** In which tenth of a second its seconds begin: as evenly spread as can be, whatever the count (golden ratio). */
function phaseOf(index: number): number {
  return Math.floor(((index * 0.6180339887498949) % 1) * 10)
}

function targetOf(replica: string, expected: boolean): Targets['targets'][number] {
  const where = { endpoint: ENDPOINT, revision: REVISION, admin: '127.0.0.1:1' }
  return { kind: 'replica', replica, expected, ...where }
}

function edgeTarget(replica: string): Targets['targets'][number] {
  const where = { endpoint: null, revision: null, admin: '127.0.0.1:1' }
  return { kind: 'edge', replica, expected: false, ...where }
}

function platformOf(world: World, startUpUs: number): PlatformEndpoint {
  return {
    endpoint: ENDPOINT,
    revision: REVISION,
    port: world.front instanceof Edges ? 1 : 0,
    desired: world.desired,
    replicas: world.pods.map(pod => row(pod, startUpUs)),
  }
}

const STATES = {
  starting: 'starting',
  ready: 'ready',
  down: 'not-ready',
  leaving: 'draining',
  gone: 'failed',
} as const

function row(
  { name, phase, createdUs, readyAtUs, restarts }: Pod,
  startUpUs: number,
): PlatformReplica {
  const started = readyAtUs === 0 ? -startUpUs : createdUs
  return {
    replica: name,
    revision: REVISION,
    state: STATES[phase],
    address: null,
    admin: null,
    started: Math.round(msOf(started)),
    ready: phase === 'starting' ? null : Math.round(msOf(readyAtUs)),
    restarts,
    why: null,
  }
}

/** What isPressed asks of a second's samples. */
function sumOf(samples: readonly Sample[], kind: Sample['kind']): Parameters<typeof isPressed>[0] {
  const sum = {
    offered: 0,
    inFlight: { integral: 0 },
    queued: { integral: 0 },
    rejected: { turned: 0, 'no-slot': 0 },
  }
  for (const sample of samples) {
    if (sample.kind !== kind) continue
    sum.offered += sample.offered
    sum.inFlight.integral += sample.inFlight.integral
    sum.queued.integral += sample.queued.integral
    sum.rejected.turned += total({ ...sample.rejected, 'no-slot': 0, upgrades: 0 })
  }
  return sum
}
