import { armsOf } from './evidence.ts'
import type { MemoryNote } from './state.ts'
import type { Look } from './verdict.ts'

/**
 * Memory in use that a limit may lead to, permille of the container's limit: at 1,000 the model is killed. A
 * model that fills more by itself (a heap set aside, a cache) leaves requests half of the rest.
 */
const MOST = 950
/** Counts in flight that differ by less say nothing about what each of them takes. */
const APART = 1.25

/** ms after which nothing seen is of the order before: memory is seen by its most, requests by their mean. */
const CALM = 6000

/** Deviations by which the most in flight of some seconds is above their mean, as of independent arrivals. */
const PEAK = 2

/** The window that memory is read from; null where it is not measured. */
function measured({ inputs, state }: Look) {
  const w = inputs.windows?.[state.order?.probe == null ? '3' : '30'] ?? null
  return w === null || w.memoryPermille === null || w.reporting === 0 ? null : w
}

/**
 * The most in use of late, with the most in flight, which took it: while two limits alternate, under the higher one.
 * Null also of a model that died: what was in use is of before, and what was in flight of a dead one.
 */
function seen(look: Look): MemoryNote | null {
  const w = measured(look)
  if (w === null || w.server > w.ok) return null
  const mean = (higherArm(look) ?? w.inFlightMilli / w.reporting) / 1000
  const { limit, order } = look.state
  const allowed = Math.max(order?.limit ?? limit, order?.probe?.other ?? 0, mean)
  const most = Math.min(allowed, mean + PEAK * Math.sqrt(mean))
  return { permille: w.memoryPermille ?? 0, inFlight: Math.round(1000 * most) / 1000 }
}

/** In flight under the higher of two limits that alternate, in thousandths; null without. */
function higherArm({ inputs, state: { order } }: Look): number | null {
  if (order === null || order.probe === null) return null
  const { a, b } = armsOf(inputs.folds, order.n)
  const higher = order.probe.other > order.limit ? b : a
  return higher === null || higher.us === 0 ? null : (1000 * higher.inFlight) / higher.us
}

/** So many in flight that memory tells what those above the fewest take. */
function isMore(now: MemoryNote, low: MemoryNote): boolean {
  return now.inFlight >= Math.max(low.inFlight * APART, low.inFlight + 1)
}

/** What is remembered when an order is replaced: with about as few in flight for a while, what is in use now counts. */
export function noteMemory(look: Look): MemoryNote | null {
  const note = look.state.memory ?? null
  const now = seen(look)
  if (now === null || note === null) return now ?? note
  if (isMore(now, note)) return now.permille < note.permille ? now : note
  const calm = look.state.order?.probe == null && look.now - look.state.orderAt >= CALM
  const permille = calm ? now.permille : Math.min(now.permille, note.permille)
  return { inFlight: Math.min(now.inFlight, note.inFlight), permille }
}

/**
 * The largest limit that memory has room for: a straight line through the fewest in flight that were seen
 * and what is in flight now. Infinity where memory is not measured, or requests take none of it; no more than
 * there is where it was measured of a model that died.
 */
export function memoryRoom(look: Look): number {
  const now = seen(look)
  const { state } = look
  const low = state.memory ?? now
  if (now === null || low === null) return measured(look) === null ? Infinity : state.limit
  // Nothing is known yet of what requests take: even if it is all, so many fit; else a small step tells.
  if (!isMore(now, low)) {
    const small = Math.ceil(Math.max(state.limit, state.order?.probe?.other ?? 0) * APART)
    return Math.max(small, Math.floor((now.inFlight * MOST) / Math.max(1, now.permille)))
  }
  const taken = now.permille - low.permille
  if (taken <= 0) return Infinity
  const left = Math.max(MOST, (1000 + low.permille) / 2) - now.permille
  const room = Math.floor(now.inFlight + (left * (now.inFlight - low.inFlight)) / taken)
  // What was in flight may be below what was reached: a limit is not cut for what it has stood.
  return Math.max(1, left >= 0 ? Math.max(state.limit, room) : room)
}
