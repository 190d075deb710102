import type { Outcome } from '../../../core/model/decision.ts'
import type { Settings } from '../../../core/model/settings.ts'
import type { Evidence } from './evidence.ts'
import type { Service } from './measure.ts'
import type { Observation, Point } from './slope.ts'

/** The fewest in flight that were seen, and the memory in use with them (permille). */
export interface MemoryNote {
  inFlight: number
  permille: number
}

type PublishedOrder = NonNullable<Outcome['order']>

/**
 * All that the limit learner remembers of an endpoint: JSON only, rounded, a few kB. Fields in us, ms
 * (`...At`, `until`) and s (`...Seconds`) as named.
 */
export interface LimitState {
  revision: string
  /** cold: doubling from a low limit. steady: comparing neighbours. */
  phase: 'cold' | 'steady'
  /** The learned limit. An order of a long-request trial may name another one. */
  limit: number
  /** What was learned before a person fixed the limit; it comes back when that ends. */
  unfixed: number | null
  /** The last order, and when it was made. Its `n` survives restarts. */
  order: PublishedOrder | null
  orderAt: number
  /** When the evidence under this order is to be judged, s after it was made. */
  planSeconds: number
  /** Derived objective; a given one stands in the settings. */
  derivedUs: number | null
  /** Service time of successes when it was last measured: mean, median, relaxation time E[t^2]/E[t]. */
  service: Service | null
  /** Late share at the limit when it was last measured. */
  latePermille: number
  /** Elasticity of throughput to the limit, with its variance: the model's prior. */
  elasticity: { mean: number; variance: number }
  /** The point measured before this order, where orders are compared one after another. */
  previous: Point | null
  /** The point measured when neighbours were last compared, under order `n`. Older states have none. */
  compared?: (Point & { n: number }) | null
  /** What came under an order without slots while it settled: it is subtracted. */
  base: Evidence | null
  observations: Observation[]
  /** Steps of the same sign in a row, signed. */
  run: number
  /** Judged cycles since the limit became steady. */
  cycles: number
  /** Cycles without a probe before the next one: 0, 1, 3, 7. */
  skip: number
  /** A limit whose upward probe tripped the guard: not tried before `until`. */
  bad: { limit: number; until: number; times: number } | null
  /** What is known of the model's memory. */
  memory: MemoryNote | null
}

/** A limiter that has seen nothing yet starts low, whatever limit was configured. */
export const FIRST_LIMIT = 4
const FIRST_WITHOUT_OBJECTIVE = 2
export const MAX_OBSERVATIONS = 12
/** Mean service time above which slots would take minutes: orders are compared one after another. */
const LONG_US = 5_000_000

export function freshLimit(settings: Settings, revision: string): LimitState {
  return {
    revision,
    phase: 'cold',
    limit: firstLimit(settings),
    unfixed: null,
    order: null,
    orderAt: 0,
    planSeconds: 0,
    derivedUs: null,
    service: null,
    latePermille: 0,
    elasticity: { mean: 1, variance: 0.16 },
    previous: null,
    compared: null,
    base: null,
    observations: [],
    run: 0,
    cycles: 0,
    skip: 0,
    bad: null,
    memory: null,
  }
}

function firstLimit(settings: Settings): number {
  const first =
    settings['latency-objective'] === null
      ? Math.min(FIRST_WITHOUT_OBJECTIVE, settings['first-limit'])
      : Math.min(FIRST_LIMIT, settings['first-limit'])
  return Math.min(settings['limit-max'], Math.max(settings['limit-min'], first))
}

/** The point of a lower limit from which this one was raised, or null. */
export function raisedFrom({ previous, limit }: LimitState): Point | null {
  return previous !== null && previous.limit < limit ? previous : null
}

/** A new revision keeps what was learned; what it measured of the old one is no evidence any more. */
export function forRevision(state: LimitState, revision: string): LimitState {
  return {
    ...state,
    revision,
    base: null,
    previous: null,
    compared: null,
    observations: [],
    run: 0,
    cycles: 0,
    skip: 0,
    bad: null,
    memory: null,
  }
}

/** The objective in us, given or derived, or null while there is none. */
export function objectiveUs(state: LimitState, settings: Settings): number | null {
  const given = settings['latency-objective']
  return given === null ? state.derivedUs : given * 1000
}

/** How long a request may wait for a slot, us. 10 s while nothing is known. */
export function queueDeadlineUs(state: LimitState, settings: Settings): number {
  const given = settings['queue-deadline']
  if (given !== null) return given * 1000
  const objective = settings['latency-objective']
  if (objective !== null) return objective * 500
  if (state.service === null) return 10_000_000
  return Math.min(10_000_000, Math.max(100_000, 2 * state.service.medianUs))
}

/** Mean service time of successes, us, or null before the first measurement. */
export function meanServiceUs(state: LimitState): number | null {
  return state.service?.meanUs ?? null
}

export function longRequests(state: LimitState): boolean {
  return state.service !== null && state.service.meanUs > LONG_US
}

/**
 * Seconds of a probe's slot: the old arm's requests have to leave, then four relaxation times. Long requests are
 * not alternated, and the limit that is compared has settled once for all of its time: fewer have to do.
 */
export function slotsFor(state: LimitState): { slotSeconds: number; settleSeconds: number } {
  const relax = (state.service?.relaxUs ?? 0) / 1_000_000
  const settleSeconds = Math.min(200, Math.max(1, Math.ceil(1.2 * relax)))
  const times = longRequests(state) ? 2.5 : 4
  const measure = Math.min(400, Math.ceil(Math.max(1.5, times * relax)))
  return { slotSeconds: settleSeconds + measure, settleSeconds }
}

/** Settings changed in a way that the order in force must follow at once. */
export function settingsMoved(state: LimitState, settings: Settings): boolean {
  const order = state.order
  if (order === null) return true
  const fixed = settings['fixed-limit']
  const given = settings['latency-objective']
  return (
    (fixed === null && state.unfixed !== null) ||
    (fixed !== null && (order.limit !== fixed || order.probe !== null)) ||
    (given !== null && order.objectiveUs !== given * 1000) ||
    (fixed === null && (order.limit < settings['limit-min'] || order.limit > settings['limit-max']))
  )
}

export function isFrozen(settings: Settings): boolean {
  return settings['freeze'] === 'limit' || settings['freeze'] === 'all'
}

/**
 * Whether the limit is to be decided at `now` (ms). Holds change no state, so this counts from the last
 * order: in cold start each second from the first measurable one (each fifth after 20 s), then each
 * learn-every, and when a probe has run its course; at once when settings or the revision ask for an
 * order. Asked each second; rounding forgives jitter. `looked` is when it was last asked (ms): what came
 * due in a second that slipped is due now, and a second that was asked about already is not due again.
 */
export function limitDue(
  state: LimitState,
  now: number,
  settings: Settings,
  {
    revision = state.revision,
    looked = null,
  }: { revision?: string | undefined; looked?: number | null } = {},
): boolean {
  const elapsed = Math.round((now - state.orderAt) / 1000)
  const before = looked === null ? elapsed - 1 : Math.round((looked - state.orderAt) / 1000)
  const each = (period: number, from = 0): boolean =>
    Math.floor((elapsed - from) / period) > Math.floor((before - from) / period)
  const every = Math.max(1, Math.round(settings['learn-every'] / 1000))
  if (settings['advise-only']) return each(every)
  if (state.order === null || state.revision !== revision) return true
  if (isFrozen(settings)) return state.order.probe !== null || each(every)
  if (settingsMoved(state, settings)) return true
  if (settings['fixed-limit'] !== null) return each(every)
  if (state.phase === 'cold') return elapsed >= 2 && each(elapsed <= 20 ? 1 : 5)
  if (elapsed < state.planSeconds) {
    // Long requests settle for long: what came until then is subtracted later.
    const { settleSeconds } = slotsFor(state)
    const settles = longRequests(state) && before < settleSeconds && settleSeconds <= elapsed
    return settles || (elapsed > 0 && each(every))
  }
  // A pair that is not finished yet is looked at more often than a limit that rests.
  const again = state.order.probe === null ? every : Math.min(every, 5)
  return each(again, state.planSeconds)
}
