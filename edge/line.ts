import type { Sample } from '../core/model/sample.ts'
import type { Desk } from './desk.ts'
import { edgeSample } from './dispatch/sample.ts'

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
  const { endpoint, revision } = entry
  const causes = around.spans.take(endpoint)
  const told = { endpoint, revision, replica: around.edge, ...mark, self, causes }
  return edgeSample(told, meter.take(around.clock.us()))
}
