import { countAbove, countOf } from '../../../core/model/histogram.ts'
import { clamp, exp, log } from '../../../core/model/math.ts'
import { wholeOf, armsOf } from './evidence.ts'
import { kvPermille, KV_NEVER_UP } from './bounds.ts'
import { memoryRoom } from './memory.ts'
import type { Look } from './verdict.ts'
import { FLAT_BELOW, mayBeBatcher } from './verdict.ts'
import { longRequests, objectiveUs, queueDeadlineUs, slotsFor, type LimitState } from './state.ts'
import { mayBeCold } from './warm.ts'

type PublishedOrder = NonNullable<LimitState['order']>
const RATIO = 1.25

/** The order for this state: its limit, and the limit that it is compared with next. */
export function nextOrder(look: Look, next: 'up' | 'down' | 'none'): PublishedOrder {
  const { state, settings } = look
  const other = next === 'none' ? state.limit : otherLimit(look, next)
  const slots = other !== state.limit && !longRequests(state)
  return {
    // Long requests take no slots: all replicas try the other limit at once.
    limit: slots ? state.limit : other,
    objectiveUs: objectiveUs(state, settings),
    probe: slots ? { other, ...slotsFor(state) } : null,
    // A fixed limit is a person's: the guard leaves it alone.
    latePermille:
      settings['fixed-limit'] === null && !mayBeCold(state)
        ? clamp(state.latePermille, 100, 120)
        : 1000,
    queueUs: queueDeadlineUs(state, settings),
    n: (state.order?.n ?? 0) + 1,
  }
}

/** The neighbour to compare with, or the limit itself where there is none. */
function otherLimit(look: Look, next: 'up' | 'down'): number {
  const { limit } = look.state
  const up = upper(look)
  const lower = Math.max(look.settings['limit-min'], Math.min(limit - 1, Math.round(limit / RATIO)))
  if (next === 'up') return up > limit ? up : lower
  return lower < limit ? lower : up
}

function upper(look: Look): number {
  const { state, settings, now } = look
  const { limit, bad } = state
  if (kvPermille(look.inputs) >= KV_NEVER_UP) return limit
  let up = Math.max(limit + 1, Math.round(limit * RATIO))
  const unaimed = settings['latency-objective'] === null
  if (mayBeBatcher(look, limit) && (unaimed || roomFor(look, FLAT_BELOW))) up = FLAT_BELOW
  if (bad !== null && now < bad.until && up >= bad.limit) {
    up = Math.floor(exp((log(limit) + log(bad.limit)) / 2))
  }
  return Math.max(limit, Math.min(settings['limit-max'], memoryRoom(look), up))
}

/** Even if every service time grew as the limit does, nearly all would be within the objective. */
function roomFor(look: Look, limit: number): boolean {
  const objective = objectiveUs(look.state, look.settings)
  const order = look.state.order
  if (objective === null || order === null) return false
  const { folds } = look.inputs
  const e = order.probe === null ? wholeOf(folds, order.n) : armsOf(folds, order.n).a
  if (e === null || e.count < 20) return false
  const above = countAbove(e.histogram, (objective * look.state.limit) / limit)
  return above < 0.04 * countOf(e.histogram)
}

/** s after which the evidence under this state's order is judged. */
export function planFor(look: Look): number {
  const { state, settings } = look
  const every = Math.max(1, Math.round(settings['learn-every'] / 1000))
  const { slotSeconds } = slotsFor(state)
  if (state.order?.probe) {
    const quick = state.cycles < 3 ? Math.min(10, every) : every
    return Math.max(quick, 2 * slotSeconds + 2)
  }
  if (longRequests(state)) return Math.max(every, slotSeconds)
  return state.phase === 'cold' ? 2 : every * Math.max(1, state.skip)
}
