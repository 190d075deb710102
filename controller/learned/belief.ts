import type { Settings } from '../../core/model/settings.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import type { LimitState } from '../decide/vertical.ts'
import { curveOf, type Curve } from './curve.ts'
import type { Notes } from './notebook.ts'
import { sentencesOf } from './sentences.ts'

/** GET /v1/learned/ENDPOINT: what the learner believes of an endpoint's limit, and what that rests on. */
export interface Belief {
  endpoint: string
  revision: string
  /** ms since 1970. */
  at: number
  /** cold: still doubling. steady: comparing neighbours. */
  phase: LimitState['phase']
  limit: number
  objectiveUs: number | null
  objective: 'given' | 'derived' | 'none'
  /**
   * Of the newest comparison: the slope of ln U in ln limit with its standard error (U: good answers a second,
   * with a price on their time), the limit it was made at, and when (ms). null before the first.
   */
  slope: { slope: number; error: number; limit: number; at: number } | null
  /** Growth of throughput with the limit, d ln X / d ln limit, and its standard error, while doubling. */
  elasticity: { mean: number; error: number }
  /** The limit that is tried beside or instead of it now. */
  other: number | null
  /** When the evidence is judged at the earliest, ms; null where it is as soon as that suffices. */
  judgedAt: number | null
  /** What holds the limit where it is: codes of docs/reasons.md. */
  holds: string[]
  curve: Curve
  /** All of it for people. */
  sentences: string[]
}

export interface Known {
  endpoint: string
  revision: string
  state: LimitState
  /** With overrides. */
  settings: Settings
  notes: Notes
  windows: EndpointWindows | null
  /** ms. */
  now: number
}

/** What keeps a limit from moving, or from being judged. */
const HOLDS: ReadonlySet<string> = new Set([
  'advise',
  'app-limited',
  'fixed',
  'frozen',
  'gathering',
  'kv-pressure',
  'limit-max',
  'limit-min',
  'memory-room',
  'no-data',
  'step-cap',
])

/** Pure. */
export function beliefOf(known: Known): Belief {
  const { endpoint, revision, state, settings, notes, windows, now } = known
  const given = settings['latency-objective']
  const { judged, tried } = notes
  const compared = judged?.rule === 'slope' ? judged : null
  const { slopeMilli = 0, errorMilli = 0 } = compared?.numbers ?? {}
  const slope = { slope: slopeMilli / 1000, error: errorMilli / 1000 }
  const { mean, variance } = state.elasticity
  const other = otherOf(state)
  const belief = {
    endpoint,
    revision,
    at: now,
    phase: state.phase,
    limit: settings['fixed-limit'] ?? state.limit,
    objectiveUs: given === null ? state.derivedUs : given * 1000,
    objective: objectiveOf(given, state),
    slope: compared === null ? null : { ...slope, limit: compared.limit, at: compared.at },
    elasticity: { mean, error: Math.sqrt(variance) },
    other,
    judgedAt:
      state.phase === 'cold' || state.order === null
        ? null
        : state.orderAt + state.planSeconds * 1000,
    holds: notes.reasons.map(({ code }) => code).filter(code => HOLDS.has(code)),
    curve: curveOf(tried, windows, revision),
  }
  return { ...belief, sentences: sentencesOf(belief, known) }
}

function objectiveOf(given: number | null, { derivedUs }: LimitState): Belief['objective'] {
  if (given !== null) return 'given'
  return derivedUs === null ? 'none' : 'derived'
}

/** In turn with the limit, or, where requests are long, instead of it. */
function otherOf({ order, limit }: LimitState): number | null {
  if (order === null) return null
  if (order.probe !== null) return order.probe.other
  return order.limit === limit ? null : order.limit
}
