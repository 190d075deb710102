import type { BoundStep, Inputs, Outcome, Proposal, Reason } from '../../core/model/decision.ts'
import type { Settings } from '../../core/model/settings.ts'
import { isStale } from './replicas-state.ts'
import { applyBounds } from './vertical/bounds.ts'
import { cold } from './vertical/cold.ts'
import { wholeOf } from './vertical/evidence.ts'
import { isAnother, measure, serviceOf } from './vertical/measure.ts'
import { noteMemory } from './vertical/memory.ts'
import { nextOrder, planFor } from './vertical/probe.ts'
import { forRevision, isFrozen, settingsMoved, type LimitState } from './vertical/state.ts'
import { steady } from './vertical/steady.ts'
import { aimOf, hold, reason, type Look, type Verdict } from './vertical/verdict.ts'

export {
  freshLimit,
  limitDue,
  meanServiceUs,
  objectiveUs,
  queueDeadlineUs,
  type LimitState,
} from './vertical/state.ts'

/** The limit that one replica of the endpoint may hold, as far as it is known. */
export function learnedLimit(state: LimitState): number {
  return state.limit
}

export interface LimitVerdict {
  proposals: Proposal[]
  bounds: BoundStep[]
  outcome: Outcome
  reasons: Reason[]
  state: LimitState
}

/**
 * Decides the limit: what the evidence under the order in force says, then the bounds, then whether a
 * new order goes out. Pure: the same inputs, state, settings and time give the same bytes.
 */
export function vertical(
  inputs: Inputs,
  state: LimitState,
  settings: Settings,
  now: number,
  revision: string,
): LimitVerdict {
  const known = state.revision === revision ? state : forRevision(state, revision)
  const look: Look = { inputs, state: known, settings, now }
  const fresh = known !== state
  const raw = evidenceSays(look, fresh)
  const { to, bounds, reasons } = applyBounds(look, raw)
  const verdict = settledBy(look, raw, to)
  const said = { proposals: raw.proposals, bounds, reasons: [...raw.reasons, ...reasons] }
  if (settings['advise-only']) return stay(said, state, reason('advise'))
  if (isFrozen(settings)) {
    // A frozen limit does not alternate, and a new revision needs its order too.
    if (!fresh && known.order?.probe === null) return stay(said, known, reason('frozen'))
    return publish(look, hold(look, reason('frozen')), known.limit, said, reason('frozen'))
  }
  const changes = to !== known.limit || verdict.publish || settingsMoved(known, settings)
  return changes ? publish(look, verdict, to, said) : stay(said, verdict.state)
}

/**
 * A bound stops what wants more. A cold start compares neighbours from here; where it was compared already
 * there is nothing to learn below, so it rests, longer each time.
 */
function settledBy(look: Look, verdict: Verdict, to: number): Verdict {
  const { limit, phase, order, skip } = look.state
  if (verdict.wants <= to || to !== limit || order === null || !verdict.publish) return verdict
  const steady = { ...verdict.state, phase: 'steady' as const, previous: null }
  if (phase === 'cold') return { ...verdict, next: 'down', state: steady }
  const resting = { ...steady, run: 0, skip: Math.min(7, 2 * skip + 1) }
  return { ...verdict, next: 'none', state: resting }
}

function evidenceSays(look: Look, newRevision: boolean): Verdict {
  const { state, settings } = look
  const { limit } = state
  const fixed = settings['fixed-limit']
  if (fixed !== null) {
    const service = served(look)
    const kept = { ...state, unfixed: state.unfixed ?? limit, service: service ?? state.service }
    // An order is for one revision: a new one has none yet. The queue's deadline follows service times.
    const publish = newRevision || state.order === null || service !== null
    return { ...towards(hold(look, reason('fixed', { limit: fixed }), kept), fixed), publish }
  }
  if (state.unfixed !== null) {
    const why = reason('unfixed', { limit: state.unfixed })
    return {
      ...towards(hold(look, why, { ...state, unfixed: null }), state.unfixed),
      publish: true,
    }
  }
  if (state.order === null) {
    return { ...hold(look, reason('cold-start', { limit })), publish: true }
  }
  if (newRevision) return { ...hold(look, reason('new-revision', { limit })), publish: true }
  // What was seen last would go on asking for comparisons, which nobody sees.
  if (isStale(look.inputs)) {
    return hold(look, reason('no-data', { ageMs: look.inputs.windowAgeMs ?? 0 }))
  }
  return state.phase === 'cold' ? cold(look) : steady(look)
}

/** Service times under a fixed limit, where they are others than those known; else null. */
function served({ inputs, state, settings }: Look): LimitState['service'] {
  const e = state.order === null ? null : wholeOf(inputs.folds, state.order.n)
  const m = e === null ? null : measure(e, aimOf(state, settings))
  return m !== null && isAnother(state.service, m.count, m.meanUs) ? serviceOf(m) : null
}

/** At once to a limit that evidence did not choose: no step cap. */
function towards(verdict: Verdict, wants: number): Verdict {
  return { ...verdict, wants, atLeast: 1, atMost: Math.max(wants, verdict.state.limit) }
}

type Said = Pick<LimitVerdict, 'proposals' | 'bounds' | 'reasons'>

function stay(said: Said, state: LimitState, ...more: Reason[]): LimitVerdict {
  const { limit } = state
  return {
    ...said,
    reasons: [...said.reasons, ...more],
    outcome: { action: 'hold', from: limit, to: limit, victims: [], order: null, act: false },
    state,
  }
}

function publish(
  look: Look,
  verdict: Verdict,
  to: number,
  said: Said,
  ...more: Reason[]
): LimitVerdict {
  const from = look.state.order === null ? 0 : look.state.limit
  const order = nextOrder({ ...look, state: { ...verdict.state, limit: to } }, verdict.next)
  const state: LimitState = {
    ...verdict.state,
    limit: to,
    order,
    orderAt: look.now,
    base: null,
    memory: noteMemory(look),
  }
  const compares = order.probe !== null || order.limit !== to
  const action = to > from ? 'raise' : to < from ? 'cut' : compares ? 'probe' : 'hold'
  const other = order.probe?.other ?? order.limit
  const derived = state.derivedUs !== look.state.derivedUs && state.derivedUs !== null
  const reasons = [
    ...said.reasons,
    ...more,
    ...(compares ? [reason('probe-start', { limit: to, other })] : []),
    ...(derived ? [reason('derived', { objectiveUs: state.derivedUs ?? 0 })] : []),
  ]
  return {
    ...said,
    reasons,
    outcome: { action, from, to, victims: [], order, act: true },
    state: { ...state, planSeconds: planFor({ ...look, state }) },
  }
}
