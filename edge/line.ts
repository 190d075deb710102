import type { Sample } from '../core/model/sample.ts'
import type { Desk } from './desk.ts'

/** A second of the edge's life: all lines of one second share it. */
export interface Mark {
  boot: string
  seq: number
  /** ms since 1970 at its start, and its length in us. */
  start: number
  us: number
}

export type SelfCost = Sample['self']

/** The sample line of one endpoint; its next second begins. */
export function lineOf(desk: Desk, mark: Mark, self: SelfCost): Sample {
  const { around, entry, meter } = desk
  return {
    v: 1,
    kind: 'edge',
    endpoint: entry.endpoint,
    revision: entry.revision,
    replica: around.edge,
    ...mark,
    limit: {
      learned: 0,
      arm: 'none',
      slot: 0,
      settling: false,
      guard: false,
      effective: 0,
      order: null,
    },
    ...meter.take(around.clock.us()),
    occupancy: [],
    boundUs: 0,
    tokens: null,
    cpu: null,
    memory: null,
    gpu: null,
    engine: null,
    self,
    causes: around.spans.take(entry.endpoint),
  }
}
