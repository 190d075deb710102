import type { Sample } from '../../core/model/sample.ts'
import type { Second } from './tally.ts'

/** Who tells of which second, what it cost, and which spans were slow or turned away. */
export type Told = Pick<
  Sample,
  'endpoint' | 'revision' | 'replica' | 'boot' | 'seq' | 'start' | 'us' | 'self' | 'causes'
>

/** An edge's sample: it has no limit, no model and no engine of its own. */
export function edgeSample(told: Told, second: Second): Sample {
  return {
    v: 1,
    kind: 'edge',
    ...told,
    limit: {
      learned: 0,
      arm: 'none',
      slot: 0,
      settling: false,
      guard: false,
      effective: 0,
      order: null,
    },
    ...second,
    occupancy: [],
    boundUs: 0,
    tokens: null,
    cpu: null,
    memory: null,
    gpu: null,
    engine: null,
  }
}
