import { canonical } from '../../core/model/canonical.ts'
import type { DecisionBody, LogRecord } from '../../core/model/decision.ts'
import type { Order } from '../../core/model/order.ts'
import { defaults, type Settings } from '../../core/model/settings.ts'
import type { algorithms as all, State } from '../decide/decide.ts'
import { hashOf, sha256, type AnyRecord } from './line.ts'
import { Joiner } from './parts.ts'

/** Replays what a log holds: the same decider, carried state, and a comparison of bytes. Pure. */
export type Algorithms = typeof all

export interface Carried {
  state: State
  hash: string
  settings: Settings
  order: Order | null
  decided: number | null
}

export interface Difference {
  seq: number
  endpoint: string
  /** Where the two part, in words. */
  words: string
}

export class Replayer {
  readonly carried = new Map<string, Carried>()
  decisions = 0
  repeats = 0
  /** Decisions before the first state record of their endpoint: not replayable. */
  skipped = 0
  private readonly algorithms: Algorithms
  private readonly joiner = new Joiner()
  /** By hash, and the newest by endpoint. */
  private readonly settings = new Map<string, Settings>()
  private readonly settingsOf = new Map<string, Settings>()
  private readonly newest = new Map<string, { seq: number; body: DecisionBody }>()

  constructor(algorithms: Algorithms) {
    this.algorithms = algorithms
  }

  /** The next record of the log; what differs, or null. Goes on from what was recorded. */
  take(record: AnyRecord): Difference | null {
    switch (record.kind) {
      case 'settings':
        return this.takeSettings(record)
      case 'state':
        return this.takeState(record)
      case 'decision':
        return this.takeDecision(record)
      case 'repeat':
        return this.takeRepeat(record)
      default:
        return null
    }
  }

  private takeSettings({ seq, body }: LogRecord<'settings'>): Difference | null {
    const json = this.joiner.take('settings', body)
    if (json === null) return null
    if (sha256(json) !== body.hash)
      return { seq, endpoint: body.endpoint, words: 'settings do not have their hash' }
    const settings = JSON.parse(json) as Settings
    this.settings.set(body.hash, settings)
    this.settingsOf.set(body.endpoint, settings)
    return null
  }

  private takeState({ seq, body }: LogRecord<'state'>): Difference | null {
    const { endpoint, hash } = body
    const json = this.joiner.take('state', body)
    if (json === null) return null
    if (sha256(json) !== hash) return { seq, endpoint, words: 'a state does not have its hash' }
    const before = this.carried.get(endpoint)
    const state = JSON.parse(json) as State
    const { order, decided } = body
    const settings = this.settingsOf.get(endpoint) ?? defaults
    this.carried.set(endpoint, { state, hash, settings, order, decided })
    // One that was gone for so long that it was forgotten begins anew.
    const anew = order === null && decided === null
    return before === undefined || before.hash === hash || anew
      ? null
      : { seq, endpoint, words: `the state is ${hash}, replayed ${before.hash}` }
  }

  private takeDecision(record: LogRecord<'decision'>): Difference | null {
    const { seq, body } = record
    const { endpoint } = body
    this.newest.set(`${body.what} ${endpoint}`, { seq, body })
    const carried = this.carried.get(endpoint)
    const settings = this.settings.get(body.settings)
    if (carried === undefined || settings === undefined) {
      this.skipped++
      return null
    }
    this.decisions++
    const again = decideAgain(this.algorithms, body, carried.state, settings)
    if (again === null) return { seq, endpoint, words: `no algorithm ${body.algorithm} here` }
    this.carried.set(endpoint, {
      state: again.state,
      hash: again.body.after,
      settings,
      order: orderOf(record) ?? carried.order,
      decided: body.what === 'replicas' ? body.now : carried.decided,
    })
    return compare(seq, body, again.body)
  }

  private takeRepeat({ seq, body }: LogRecord<'repeat'>): Difference | null {
    const found = [...this.newest.values()].find(entry => entry.seq === body.of)
    const carried = found === undefined ? undefined : this.carried.get(found.body.endpoint)
    const settings = found === undefined ? undefined : this.settings.get(found.body.settings)
    if (found === undefined || carried === undefined || settings === undefined) {
      this.skipped += body.nows.length
      return null
    }
    for (const now of body.nows) {
      this.repeats++
      const again = decideAgain(this.algorithms, { ...found.body, now }, carried.state, settings)
      if (again === null)
        return { seq, endpoint: found.body.endpoint, words: 'no such algorithm here' }
      const { state, after } = again.body
      const difference = compare(seq, { ...found.body, now, state, after }, again.body)
      if (difference !== null) return difference
      carried.state = again.state
      carried.hash = after
    }
    if (found.body.what === 'replicas') carried.decided = body.nows.at(-1) ?? carried.decided
    return null
  }
}

/** The body that the recorded algorithm makes of the recorded inputs, or null where it is not known. */
export function decideAgain(
  algorithms: Algorithms,
  body: DecisionBody,
  state: State,
  settings: Settings,
): { body: DecisionBody; state: State } | null {
  const decide = Object.hasOwn(algorithms, body.algorithm) ? algorithms[body.algorithm] : undefined
  if (decide === undefined) return null
  const { what, endpoint, revision, inputs, now, algorithm } = body
  const made = decide(what, { endpoint, revision }, inputs, state, settings, now)
  const hashes = { state: hashOf(state), settings: hashOf(settings), after: hashOf(made.state) }
  const again = { what, endpoint, revision, now, inputs, algorithm, ...hashes, ...made.verdict }
  return { body: again, state: made.state }
}

/** The order that a decision published, or null. */
export function orderOf({ id, epoch, time, body }: LogRecord<'decision'>): Order | null {
  const { endpoint, revision, outcome } = body
  if (outcome.order === null || !outcome.act) return null
  return { v: 1, endpoint, revision, ...outcome.order, epoch, decision: id, issued: time }
}

function compare(seq: number, recorded: DecisionBody, replayed: DecisionBody): Difference | null {
  if (canonical(recorded) === canonical(replayed)) return null
  const keys = Object.keys({ ...recorded, ...replayed }) as (keyof DecisionBody)[]
  const key = keys.find(
    name => canonical(recorded[name] ?? null) !== canonical(replayed[name] ?? null),
  )
  const show = (body: DecisionBody): string =>
    canonical(key === undefined ? body : (body[key] ?? null)).slice(0, 300)
  const words = `${key ?? 'the body'} was recorded as ${show(recorded)}, replayed as ${show(replayed)}`
  return { seq, endpoint: recorded.endpoint, words }
}
