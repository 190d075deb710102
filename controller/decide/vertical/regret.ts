import type { Measure } from './measure.ts'
import { observe } from './slope.ts'
import { MAX_OBSERVATIONS } from './state.ts'
import { pointOf, reason, type Look, type Verdict } from './verdict.ts'

/** A smaller loss in ln U is none. */
const LOSS = 0.05
/** Where the limit is reached less often, demand may have made the difference. */
const REACHED = 0.8

/**
 * A step that clearly lost is taken back, whichever way it went. A slope tells what is near; where utility has
 * several tops (batches of padded sizes) or a cliff, a line through slopes leads past the best. What the step gave
 * is an observation like others, so that it isn't taken again. Null where it did not lose.
 */
export function regret({ state, now }: Look, measured: Measure): Verdict | null {
  const { limit, order } = state
  const previous = state.compared ?? null
  // What came between, a cut by the guard or a person's limit, was no step of this kind.
  if (previous === null || order?.n !== previous.n + 1) return null
  if (previous.limit === limit || measured.bound < REACHED) return null
  const here = pointOf(limit, measured)
  const loss = previous.lnU - here.lnU
  if (loss < Math.max(LOSS, 2 * Math.sqrt(previous.varU + here.varU))) return null
  const to = previous.limit
  const seen = observe(previous, here, now, measured.bound)
  return {
    wants: to,
    atLeast: Math.min(to, limit),
    atMost: Math.max(to, limit),
    publish: true,
    next: to > limit ? 'down' : 'up',
    proposals: [{ rule: 'regret', wants: to, numbers: { lossMilli: Math.round(loss * 1000) } }],
    reasons: [reason('regret', { from: limit, to })],
    state: {
      ...state,
      compared: null,
      observations: [...state.observations, seen].slice(-MAX_OBSERVATIONS),
      run: 0,
      cycles: state.cycles + 1,
      skip: 0,
    },
  }
}
