import type { Inputs } from '../../core/model/decision.ts'
import type { Settings } from '../../core/model/settings.ts'
import { horizontal } from './horizontal.ts'
import { withOverrides } from './overrides.ts'
import type { State } from './state.ts'
import type { Verdict } from './verdict.ts'
import { learnedLimit, limitDue, meanServiceUs, queueDeadlineUs, vertical } from './vertical.ts'

export { withOverrides } from './overrides.ts'
export { fresh, type State } from './state.ts'
export type { Verdict } from './verdict.ts'

/** Named in every decision, so that a replay calls what decided then. */
export const ALGORITHM = '2026-11-28.9'

export interface Decided {
  verdict: Verdict
  state: State
}

/** Every algorithm that a release decided with, by its name. */
export const algorithms: Readonly<Record<string, typeof decide>> = { [ALGORITHM]: decide }

/** What the caller remembers of an endpoint: a state that carried it would be a new one each time. */
export interface Since {
  /** When replicas were last decided, ms; null for never. */
  decided: number | null
  /** When the caller last asked. */
  looked?: number | null
  revision?: string
  /** More replicas are needed and possible, as far as the last second tells (pressed.ts). */
  pressed?: boolean
}

/**
 * What is to be decided now. A limit that fell since is a reason to decide replicas at once, and so is
 * pressure, unless the first limit is still being found: then the limit is what is wrong. Asked each second;
 * rounding forgives jitter.
 */
export function due(
  state: State,
  settings: Settings,
  now: number,
  { decided, looked = null, revision = state.limit.revision, pressed = false }: Since,
): { replicas: boolean; limit: boolean } {
  const seen = state.replicas.limit
  const urgent =
    (seen !== null && limitOf(state, settings) < seen) || (pressed && !isClimbing(state, settings))
  const every = urgent ? 1 : seconds(settings['decide-every'])
  return {
    replicas: decided === null || seconds(now - decided) >= every,
    limit: limitDue(state.limit, now, settings, { looked, revision }),
  }
}

function isClimbing({ limit }: State, settings: Settings): boolean {
  return limit.phase === 'cold' && settings['fixed-limit'] === null
}

/**
 * Makes the decisions that are due, each on the state that the one before left. A limit that fell makes
 * replicas due, too. `one` makes one decision and gives the state after it.
 */
export function decideAll(
  waiting: readonly ('replicas' | 'limit')[],
  state: State,
  settings: Settings,
  now: number,
  decided: number | null,
  one: (what: 'replicas' | 'limit', state: State) => State,
): void {
  const turns = [...waiting]
  let at = state
  for (const what of turns) {
    at = one(what, at)
    if (!turns.includes('replicas') && due(at, settings, now, { decided }).replicas) {
      turns.push('replicas')
    }
  }
}

/**
 * One decision about replicas or the limit. Reads no clock and keeps nothing: the same inputs, state,
 * settings and time give the same verdict and state, byte for byte in canonical form.
 */
export function decide(
  what: 'replicas' | 'limit',
  subject: { endpoint: string; revision: string },
  inputs: Inputs,
  state: State,
  settings: Settings,
  now: number,
): Decided {
  const { revision } = subject
  const inForce = inputs.overrides.filter(o => o.until === null || o.until > now)
  const effective = withOverrides(settings, inForce)
  if (what === 'limit') {
    const { state: limit, ...verdict } = vertical(inputs, state.limit, effective, now, revision)
    return { verdict, state: { ...state, revision, limit } }
  }
  const decided = horizontal({
    inputs,
    state: state.replicas,
    settings: effective,
    limit: {
      limit: limitOf(state, effective),
      queueUs: queueDeadlineUs(state.limit, effective),
      serviceUs: meanServiceUs(state.limit),
      climbing: isClimbing(state, effective),
    },
    now,
  })
  return { verdict: decided.verdict, state: { ...state, revision, replicas: decided.state } }
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}

/** A fixed limit counts from the first decision on, before an order has carried it anywhere. */
function limitOf(state: State, settings: Settings): number {
  return settings['fixed-limit'] ?? learnedLimit(state.limit)
}
