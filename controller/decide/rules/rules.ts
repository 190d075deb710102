import { windowOf, type Sight } from '../replicas-state.ts'
import { byBurst, byDemand } from './demand.ts'
import { byCpu, byEngineQueue, byGpu, byKvCache, byMemory, byQueueWait } from './guards.ts'
import { byThroughput } from './throughput.ts'
import { byTrend } from './trend.ts'
import type { Want } from './want.ts'

type Rule = (sight: Sight) => Want | null

/** Held requests and none ready: one replica, whatever the windows say. */
function activate({ inputs }: Sight): Want | null {
  const held = inputs.activate || (windowOf(inputs, '3')?.heldMax ?? 0) > 0
  if (!held || inputs.replicas.ready > 0) return null
  return { rule: 'activate', needMilli: 1000, numbers: {} }
}

/** Every rule, in the order in which their proposals are recorded. */
const rules: readonly Rule[] = [
  byDemand,
  byBurst,
  byTrend,
  byThroughput,
  byCpu,
  byMemory,
  byGpu,
  byKvCache,
  byEngineQueue,
  byQueueWait,
  activate,
]

export function wants(sight: Sight): Want[] {
  return rules.map(rule => rule(sight)).filter(want => want !== null)
}

/** What lasts of all that is wanted, replicas x 1000. */
export function lasting(voices: readonly Want[]): number {
  return voices.reduce(
    (most, { needMilli, lastingMilli = needMilli }) => Math.max(most, lastingMilli),
    0,
  )
}
