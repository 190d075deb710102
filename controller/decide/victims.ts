import type { Inputs } from '../../core/model/decision.ts'
import { isFailing } from './replicas-state.ts'

/**
 * Which replicas go: silent ones that are not ready, then those that answer mostly errors, then the
 * least loaded. The inputs name the newest first, and equals keep that order.
 */
export function victims(inputs: Inputs, count: number): string[] {
  if (count <= 0) return []
  const { starting, notReady, failed } = inputs.replicas
  const silent = inputs.missing.slice(0, starting + notReady + failed)
  const rows = inputs.outliers
    .filter(row => !silent.includes(row.replica))
    .map(row => ({
      name: row.replica,
      load: isFailing(row) ? -1 : row.inFlightMilli + row.queuedMilli,
    }))
    .toSorted((a, b) => a.load - b.load)
  return [...silent, ...rows.map(row => row.name)].slice(0, count)
}
