import { armsOf } from './evidence.ts'
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

/** The fewest in flight that were seen, and the memory in use with them (permille). */
export interface MemoryNote {
  inFlight: number
  permille: number
}

/** The most in use of late, with the mean in flight: while two limits alternate, that of the higher one, which took it. */
function seen(look: Look): MemoryNote | null {
  const { inputs, state } = look
  const w = inputs.windows?.[state.order?.probe == null ? '3' : '30'] ?? null
  if (w === null || w.memoryPermille === null || w.reporting === 0) return null
  const milli = Math.round(higherArm(look) ?? w.inFlightMilli / w.reporting)
  return { permille: w.memoryPermille, inFlight: milli / 1000 }
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
 * and what is in flight now. Infinity where memory is not measured, or requests take none of it.
 */
export function memoryRoom(look: Look): number {
  const now = seen(look)
  const { state } = look
  const low = state.memory ?? now
  if (now === null || low === null) return Infinity
  // Nothing is known yet of what requests take: even if it is all, so many fit; else a small step tells.
  if (!isMore(now, low)) {
    const small = Math.ceil(Math.max(state.limit, state.order?.probe?.other ?? 0) * APART)
    return Math.max(small, Math.floor((now.inFlight * MOST) / Math.max(1, now.permille)))
  }
  const taken = now.permille - low.permille
  if (taken <= 0) return Infinity
  const left = Math.max(MOST, (1000 + low.permille) / 2) - now.permille
  const room = Math.floor(now.inFlight + (left * (now.inFlight - low.inFlight)) / taken)
  // The mean in flight is below what was reached: a limit is not cut for what it has stood.
  return Math.max(1, left >= 0 ? Math.max(state.limit, room) : room)
}
