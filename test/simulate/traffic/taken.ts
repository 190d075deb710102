import { Random } from '../../../simulate/random.ts'
import { arrivalsOf } from '../../../simulate/traffic/generate.ts'
import type { TrafficFile } from '../../../simulate/traffic/spec.ts'
import type { Trace } from '../../../simulate/traffic/trace.ts'

/** All arrivals of a traffic, in us, and their classes. */
export function taken(
  traffic: TrafficFile,
  seconds: number,
  { seed = 1, trace, lateUs = 0 }: { seed?: number; trace?: Trace; lateUs?: number } = {},
): { at: number[]; kinds: number[] } {
  const options = { random: new Random(seed), untilUs: seconds * 1e6, lateUs }
  const arrivals = arrivalsOf(traffic, trace === undefined ? options : { ...options, trace })
  const at: number[] = []
  const kinds: number[] = []
  while (arrivals.nextUs !== Infinity) {
    at.push(arrivals.nextUs)
    kinds.push(arrivals.kind)
    arrivals.take()
  }
  return { at, kinds }
}

/** How many of some times, in us, are in [from, to), in s. */
export function within(at: readonly number[], from: number, to: number): number {
  return at.filter(us => us >= from * 1e6 && us < to * 1e6).length
}
