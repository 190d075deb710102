import { canonical } from '../core/model/canonical.ts'
import { LONGEST_RECORD, type DecisionBody, type LogRecord } from '../core/model/decision.ts'
import type { ArmFold } from '../core/model/windows.ts'
import { decideAll, withOverrides, type algorithms, type State } from './decide/decide.ts'
import { summarise, type Observed } from './decide/summarise.ts'
import type { Remembered } from './memory.ts'
import type { Made, Recorded } from './record/ledger.ts'
import { hashOf } from './record/line.ts'
import { orderOf } from './record/replay.ts'
import { fit, INPUT_BYTES } from './record/trim.ts'

/** An endpoint as it is seen now, and what of it is to be decided. */
export interface Sight {
  remembered: Remembered
  observed: Omit<Observed, 'folds'>
  /** Evidence under the order in force. */
  folds: ArmFold[]
  due: DecisionBody['what'][]
}

/** What became of a decision: its record, or null for a repeat. */
export interface Published {
  body: DecisionBody
  record: LogRecord<'decision'> | null
}

/** Who does the steps of a tick. */
export interface Desk {
  observe(now: number): Sight[]
  algorithm: { name: string; decide: (typeof algorithms)[string] }
  /** Lets others have their turn: with a large fleet a tick takes a second, and a lease has to be renewed. */
  pause(): Promise<void>
  /** Nothing can be decided about an endpoint: it is left out of this tick, the others are not. */
  skip(endpoint: string, error: unknown): void
  /** Rejects where nothing may be acted on. */
  record(made: Made[], now: number): Promise<Recorded[]>
  publish(decisions: Published[]): void
  /** Hands a decision to its endpoint's actuator; never waits. */
  act(record: LogRecord<'decision'>): void
}

/** So many endpoints are decided before others have their turn. */
const AT_ONCE = 20

/** One tick for all endpoints, from top to bottom. docs/decision.md lists the same steps in the same order. */
export async function tick(now: number, desk: Desk): Promise<Published[]> {
  // 1 observe
  const sights = desk.observe(now)
  // 2 decide
  const made: Made[] = []
  for (const [i, sight] of sights.entries()) {
    if (i > 0 && i % AT_ONCE === 0) await desk.pause()
    made.push(...decideAlone(sight, now, desk))
  }
  // 3 record
  const records = await desk.record(made, now)
  // 4 keep
  made.forEach((each, i) => keep(each, records[i] ?? null))
  // 5 publish
  const decisions = made.map(({ body }, i) => ({ body, record: records[i] ?? null }))
  desk.publish(decisions)
  // 6 act
  for (const record of records) if (record?.body.outcome.act === true) desk.act(record)
  return decisions
}

function decideAlone(sight: Sight, now: number, desk: Desk): Made[] {
  try {
    return decidedOf(sight, now, desk.algorithm)
  } catch (error) {
    desk.skip(sight.remembered.endpoint, error)
    return []
  }
}

/** The decisions of one endpoint. */
function decidedOf(sight: Sight, now: number, algorithm: Desk['algorithm']): Made[] {
  const { remembered, observed } = sight
  const settings = withOverrides(remembered.settings, observed.overrides)
  const made: Made[] = []
  let { hash } = remembered
  decideAll(sight.due, remembered.state, settings, now, remembered.decided, (what, state) => {
    const one = decideOne(what, sight, { state, hash }, now, algorithm)
    made.push(one)
    hash = one.body.after
    return one.after
  })
  return made
}

/** Room in a record for its envelope. */
const ENVELOPE = 400
/** Where proposals and reasons need more room than usual, inputs get less. */
const BUDGETS = [INPUT_BYTES, INPUT_BYTES / 2, INPUT_BYTES / 8, 0]

function decideOne(
  what: DecisionBody['what'],
  { remembered, observed, folds }: Sight,
  before: { state: State; hash: string },
  now: number,
  algorithm: Desk['algorithm'],
): Made {
  const { endpoint, settings, settingsHash } = remembered
  const { revision } = observed.platform
  const whole = summarise({ ...observed, folds: what === 'limit' ? folds : [] })
  for (const budget of BUDGETS) {
    const inputs = fit(whole, budget)
    const subject = { endpoint, revision }
    const { verdict, state } = algorithm.decide(what, subject, inputs, before.state, settings, now)
    const after = hashOf(state)
    const hashes = { state: before.hash, settings: settingsHash, after }
    const body = { what, ...subject, now, inputs, algorithm: algorithm.name, ...hashes, ...verdict }
    if (Buffer.byteLength(canonical(body)) <= LONGEST_RECORD - ENVELOPE) {
      return { remembered, body, before: before.state, after: state }
    }
  }
  throw new Error(`a decision about ${endpoint} fits no record`)
}

/** What is durable becomes what is remembered. */
function keep({ remembered, body, after }: Made, record: LogRecord<'decision'> | null): void {
  remembered.state = after
  remembered.hash = body.after
  if (body.what === 'replicas') remembered.decided = body.now
  if (record !== null) remembered.order = orderOf(record) ?? remembered.order
}
