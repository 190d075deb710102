import { setImmediate } from 'node:timers/promises'
import type { LogRecord, Override } from '../core/model/decision.ts'
import type { PlatformEndpoint } from '../core/model/tables.ts'
import { once, wordsOfError, type Log } from '../core/runtime/log.ts'
import type { Telemetry } from '../core/runtime/telemetry.ts'
import type { Courier } from './act/orders.ts'
import type { Scaler } from './act/scale.ts'
import { ALGORITHM, decide, due, withOverrides, type State } from './decide/decide.ts'
import { isPressed, mayGrow } from './decide/pressed.ts'
import { learnedLimit, meanServiceUs, objectiveUs, queueDeadlineUs } from './decide/vertical.ts'
import type { EdgeFacts } from './edges.ts'
import type { Figures } from './figures.ts'
import { beliefOf, type Belief } from './learned/belief.ts'
import type { Notebook } from './learned/notebook.ts'
import type { Memory, Remembered } from './memory.ts'
import type { Observer } from './observe.ts'
import { publishDecision } from './publish.ts'
import type { PlatformLink } from './platform.ts'
import type { Ledger } from './record/ledger.ts'
import type { Settings } from '../core/model/settings.ts'
import type { Desk, Published, Sight } from './tick.ts'
import { inTurn } from './turns.ts'
import { endpointView, lineOf, type DecisionLine, type EndpointView, type Learned } from './view.ts'

export interface Colleagues {
  observer: Observer
  platform: PlatformLink
  memory: Memory
  settings: { of(endpoint: string): Settings | null }
  ledger: Ledger
  scaler: Scaler
  courier: Courier
  figures: Figures
  notebook: Notebook
  telemetry: Telemetry
  now: () => number
  log: Log
}

/** A window older than this says nothing about now. */
const FRESH_MS = 5000
/** Decisions of an endpoint that are kept for people to see. */
const SHOWN = 30
/** Changes outlive the holds that follow them: they are what people look for. */
const CHANGES_SHOWN = 30

function undecided(endpoint: string): string {
  return `nothing can be decided about ${endpoint}`
}

/** Does the steps of a tick with the real observer, log and actuators. */
export class Office implements Desk {
  readonly algorithm = { name: ALGORITHM, decide }
  private readonly with: Colleagues
  private readonly said: ReturnType<typeof once>
  private readonly activated = new Set<string>()
  private readonly shown = new Map<string, DecisionLine[]>()

  constructor(colleagues: Colleagues) {
    this.with = colleagues
    this.said = once(colleagues.log)
  }

  /** An edge holds requests and there is no replica: replicas are due at once. False for an unknown endpoint. */
  activate(endpoint: string): boolean {
    if (this.with.observer.endpoint(endpoint) === null) return false
    this.activated.add(endpoint)
    return true
  }

  observe(now: number): Sight[] {
    const { observer, memory } = this.with
    const { platform } = observer
    if (platform === null) return []
    const waiting = platform.endpoints.flatMap(row => {
      const { endpoint, revision } = row
      const remembered = this.remembered(endpoint, revision)
      const overrides = memory.overridesOf(endpoint)
      const settings = withOverrides(remembered.settings, overrides)
      const { state, decided, looked } = remembered
      const windows = observer.windows(endpoint)
      const pressed = this.isPressed(row, state, settings, overrides, now)
      const is = due(state, settings, now, { decided, looked, revision, pressed })
      const activate = this.activated.has(endpoint)
      const what: Sight['due'] = []
      // The limit first: a lowered one adds replicas in the same tick (decideAll).
      if (is.limit) what.push('limit')
      if (is.replicas || activate) what.push('replicas')
      if (what.length === 0) {
        remembered.looked = now
        return []
      }
      const observed = {
        windows,
        windowAgeMs: observer.windowAge(endpoint),
        platform: row,
        platformVersion: platform.version,
        now,
        since: remembered.decided,
        overrides,
        activate,
      }
      const n = remembered.order?.n
      const folds = (windows?.folds[revision] ?? []).filter(
        ({ order }) => n === undefined || order.n === n,
      )
      return [{ remembered, observed, folds, due: what }]
    })
    const sights = inTurn(waiting, platform.endpoints.length)
    for (const { remembered } of sights) remembered.looked = now
    return sights
  }

  /** Requests wait, as far as a fresh window tells, and there may be more replicas. */
  private isPressed(
    row: PlatformEndpoint,
    state: State,
    settings: Settings,
    overrides: Override[],
    now: number,
  ): boolean {
    const newest = this.with.observer.windows(row.endpoint)?.windows['1']
    const means = { overrides, now, able: this.isAble(row.endpoint) }
    return (
      newest !== undefined &&
      isPressed(newest.edges, newest.replicas) &&
      mayGrow(row, state.replicas, settings, means)
    )
  }

  private isAble(endpoint: string): boolean {
    const { observer, ledger } = this.with
    return ledger.failed === null && (observer.windowAge(endpoint) ?? Infinity) <= FRESH_MS
  }

  readonly pause = (): Promise<void> => setImmediate()

  readonly record: Desk['record'] = (made, now) => this.with.ledger.record(made, now)

  publish(decisions: Published[]): void {
    const { figures, notebook, telemetry } = this.with
    for (const decision of decisions) {
      figures.decided(decision)
      notebook.take(decision.body)
      if (telemetry.on) publishDecision(telemetry, decision)
      const { what, endpoint, inputs } = decision.body
      // Only a decision ends the wish for one.
      if (what === 'replicas' && inputs.activate) this.activated.delete(endpoint)
      this.said.again(undecided(endpoint))
      if (decision.record !== null) this.show(decision.record)
    }
  }

  readonly skip: Desk['skip'] = (endpoint, error) =>
    this.said.say('error', undecided(endpoint), { why: wordsOfError(error) })

  act(record: LogRecord<'decision'>): void {
    const { what, endpoint, outcome, now } = record.body
    if (what === 'replicas') this.with.scaler.hand(record)
    else this.tend(endpoint)
    const row = this.with.observer.endpoint(endpoint)
    if (row === null) return
    const replicas = what === 'replicas' ? outcome.to : row.desired
    const { limit } = this.learned(endpoint, row.revision)
    const told = { replicas, limit, decision: record.id, at: now }
    this.with.platform.note?.(endpoint, told, record.epoch)
  }

  /** Brings every sidecar to the order in force, and forgets who is gone. Each second: replicas come and go. */
  tendAll(): void {
    const { platform } = this.with.observer
    if (platform === null) return
    const { endpoints } = platform
    for (const { endpoint } of endpoints) this.tend(endpoint)
    this.with.courier.sweep(
      new Set(endpoints.flatMap(({ replicas }) => replicas.flatMap(r => r.admin ?? []))),
    )
    const there = new Set(endpoints.map(row => row.endpoint))
    for (const name of this.shown.keys()) if (!there.has(name)) this.shown.delete(name)
  }

  /** Adds a decision to those that people see. */
  show(record: LogRecord<'decision'>): void {
    const list = this.shown.get(record.body.endpoint) ?? []
    list.unshift(lineOf(record))
    let changes = 0
    const kept = list.filter(
      ({ action }, i) => (action !== 'hold' && ++changes <= CHANGES_SHOWN) || i < SHOWN,
    )
    this.shown.set(record.body.endpoint, kept)
  }

  views(): EndpointView[] {
    return (this.with.observer.platform?.endpoints ?? []).map(row => this.viewOf(row))
  }

  view(endpoint: string): EndpointView | null {
    const row = this.with.observer.endpoint(endpoint)
    return row === null ? null : this.viewOf(row)
  }

  /** What is believed of an endpoint's limit, and what that rests on. */
  belief(endpoint: string): Belief | null {
    const { observer, memory, notebook, now } = this.with
    const row = observer.endpoint(endpoint)
    if (row === null) return null
    const { revision } = row
    const { state, settings } = this.remembered(endpoint, revision)
    return beliefOf({
      endpoint,
      revision,
      state: state.limit,
      settings: withOverrides(settings, memory.overridesOf(endpoint)),
      notes: notebook.of(endpoint, revision),
      windows: observer.windows(endpoint),
      now: now(),
    })
  }

  edgeFacts(endpoint: string): EdgeFacts {
    const row = this.with.observer.endpoint(endpoint)
    const revision = row?.revision ?? ''
    const { limit, queueUs, objectiveUs: objective } = this.learned(endpoint, revision)
    const { settings, state } = this.remembered(endpoint, revision)
    const overrides = this.with.memory.overridesOf(endpoint)
    const effective = withOverrides(settings, overrides)
    const means = { overrides, now: this.with.now(), able: this.isAble(endpoint) }
    return {
      limit,
      queueUs,
      holdUs: effective['hold-at-zero'] * 1000,
      growing: row !== null && mayGrow(row, state.replicas, effective, means),
      objectiveUs: objective,
      maxReplicas: effective['max-replicas'],
    }
  }

  private viewOf(platform: PlatformEndpoint): EndpointView {
    const { observer, memory, now } = this.with
    const { endpoint, revision } = platform
    return endpointView({
      platform,
      windows: observer.windows(endpoint),
      windowAgeMs: observer.windowAge(endpoint),
      learned: this.learned(endpoint, revision),
      settings: this.remembered(endpoint, revision).settings,
      overrides: memory.overridesOf(endpoint),
      decisions: this.shown.get(endpoint) ?? [],
      now: now(),
    })
  }

  private learned(endpoint: string, revision: string): Learned {
    const { state, settings } = this.remembered(endpoint, revision)
    const effective = withOverrides(settings, this.with.memory.overridesOf(endpoint))
    const objective = objectiveUs(state.limit, effective)
    const given = effective['latency-objective'] !== null
    return {
      limit: learnedLimit(state.limit),
      queueUs: queueDeadlineUs(state.limit, effective),
      objectiveUs: objective,
      objective: given ? 'given' : objective === null ? 'none' : 'derived',
      serviceUs: meanServiceUs(state.limit),
      phase: state.limit.phase,
    }
  }

  private tend(endpoint: string): void {
    const { observer, memory, courier, ledger } = this.with
    const row = observer.endpoint(endpoint)
    if (row === null || ledger.failed !== null) return
    const order = memory.endpoints.get(endpoint)?.order ?? null
    const rows = observer.windows(endpoint)?.replicas ?? []
    courier.tend(row, order, rows, observer.windowAge(endpoint) ?? 0)
  }

  private remembered(endpoint: string, revision: string): Remembered {
    return this.with.memory.of(endpoint, revision, this.with.settings.of(endpoint))
  }
}
