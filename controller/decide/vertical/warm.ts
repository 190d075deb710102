import type { Evidence } from './evidence.ts'
import type { Measure } from './measure.ts'
import { FIRST_LIMIT, raisedFrom, type LimitState } from './state.ts'
import { hold, isGuarded, pointOf, reason, tooLate, type Look, type Verdict } from './verdict.ts'

/** Share of late answers under the order before, permille: far more than the guard allows, and not by chance. */
const WAS_LATE = 250
/**
 * Elasticity above which times did not follow the limit: if requests waited for one another it would be near 0. It has
 * to be surely below that: a limit that stays low keeps a cache cold, a few answers more cost little.
 */
const ALIKE = 0.5

/**
 * Whether answers are late from the start on, and it may be a cold cache, not the limit: so low a limit has no
 * guard then, which would cut it for what fewer in flight do not mend.
 */
export function mayBeCold({ phase, limit, latePermille }: LimitState): boolean {
  return phase === 'cold' && limit <= FIRST_LIMIT && latePermille > WAS_LATE
}

/** The guard holds a first limit down, and its seconds are no evidence: a look without it, whether fewer are faster. */
export function unguarded(look: Look, e: Evidence): Verdict | null {
  const { state } = look
  const first = state.limit <= FIRST_LIMIT && raisedFrom(state) === null
  if (!first || !isGuarded(look, e)) return null
  const why = reason('unguarded', { seconds: e.guardSeconds, limit: state.limit })
  return { ...hold(look, why, { ...state, latePermille: 1000 }), publish: true }
}

/**
 * A cache that warms up: answers were late under two limits, and fewer in flight made them no faster (at a limit of
 * 1 nothing else is left). The first limit then warms it soonest, so it stays until answers come in time; each
 * judgement begins anew, since what came before was slower. Null where the limit itself may be what is late.
 */
export function warming(
  look: Look,
  after: LimitState,
  m: Measure,
  whole: Evidence,
): Verdict | null {
  const { state } = look
  const { limit, previous } = state
  const was = state.latePermille > WAS_LATE
  const late = was ? tooLate(m.late, m.count) : m.late > 0.5
  const { mean, variance } = after.elasticity
  const alike = mean + Math.sqrt(variance) > ALIKE
  const anyhow = limit === 1 || (was && previous !== null && alike)
  if (!late || !anyhow) return null
  const to = Math.max(limit, Math.min(FIRST_LIMIT, 2 * limit))
  const why = reason('warming', { latePermille: Math.round(m.late * 1000), limit: to })
  if (to === limit) return hold(look, why, { ...state, base: whole })
  return {
    wants: to,
    atLeast: limit,
    atMost: to,
    publish: true,
    next: 'none',
    proposals: [{ rule: 'warming', wants: to, numbers: {} }],
    reasons: [why],
    state: { ...after, previous: pointOf(limit, m) },
  }
}
