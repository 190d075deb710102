import type { BoundStep, Inputs, Reason } from '../../../core/model/decision.ts'
import { clamp } from '../../../core/model/math.ts'
import { reason, type Look, type Verdict } from './verdict.ts'

/** KV cache use from which a limit is not raised, and from which it is cut: preemption is next. */
export const KV_NEVER_UP = 850
const KV_CUT = 950

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
  const min = settings['limit-min']
  const max = settings['limit-max']
  const fixed = settings['fixed-limit'] !== null
  bound('limit-min', fixed ? at : Math.max(min, at), { min }, reason('limit-min', { min }))
  bound('limit-max', fixed ? at : Math.min(max, at), { max }, reason('limit-max', { max }))
  return { to: at, bounds, reasons }
}

function underKv({ inputs, state, now }: Look, wants: number): number {
  const kv = kvPermille(inputs)
  // One cut a window: its largest value still stands for 30 s.
  if (kv >= KV_CUT && now - state.orderAt >= 30_000) {
    return Math.min(wants, Math.max(1, Math.floor(state.limit * 0.9)))
  }
  return kv >= KV_NEVER_UP ? Math.min(wants, state.limit) : wants
}
