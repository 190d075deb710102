import type { BoundStep, Inputs, Reason } from '../../../core/model/decision.ts'
import { clamp } from '../../../core/model/math.ts'
import { memoryRoom } from './memory.ts'
import { reason, type Look, type Verdict } from './verdict.ts'

/** KV cache use from which a limit is not raised: preemption is next. Whether fewer would be better, comparing tells. */
export const KV_NEVER_UP = 950

export function kvPermille(inputs: Inputs): number {
  return inputs.windows?.['30']?.kvPermille ?? 0
}

/** What may become of what the evidence wants. Always the same bounds in the same order. */
export function applyBounds(
  look: Look,
  verdict: Verdict,
): { to: number; bounds: BoundStep[]; reasons: Reason[] } {
  const { settings, inputs } = look
  const bounds: BoundStep[] = []
  const reasons: Reason[] = []
  let at = verdict.wants
  const bound = (name: string, to: number, numbers: Record<string, number>, why: Reason): void => {
    bounds.push({ bound: name, from: at, to, numbers })
    if (to !== at) reasons.push(why)
    at = to
  }
  const { atLeast, atMost } = verdict
  const allowed = clamp(at, atLeast, atMost)
  bound('step-cap', allowed, { atLeast, atMost }, reason('step-cap', { allowed, wanted: at }))
  const kv = kvPermille(inputs)
  const relieved = settings['fixed-limit'] === null ? underKv(look, at) : at
  bound('kv-pressure', relieved, { kvPermille: kv }, reason('kv-pressure', { kvPermille: kv }))
  const room = memoryRoom(look)
  const most = settings['fixed-limit'] === null ? Math.min(at, room) : at
  const has = { room: Math.min(room, 100_000) }
  bound('memory', most, has, reason('memory-room', has))
  const min = settings['limit-min']
  const max = settings['limit-max']
  const fixed = settings['fixed-limit'] !== null
  bound('limit-min', fixed ? at : Math.max(min, at), { min }, reason('limit-min', { min }))
  bound('limit-max', fixed ? at : Math.min(max, at), { max }, reason('limit-max', { max }))
  return { to: at, bounds, reasons }
}

function underKv({ inputs, state }: Look, wants: number): number {
  return kvPermille(inputs) >= KV_NEVER_UP ? Math.min(wants, state.limit) : wants
}
