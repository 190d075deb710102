/** The fewest and the most replicas that make sense in a second. */
export interface Tube {
  low: readonly number[]
  high: readonly number[]
}

interface TubeOptions {
  /** Requests a second that a replica carries, and how many there are at the beginning. */
  carries: number
  replicas: number
  startUpS: number
}

/** Demand is looked at over so long: nobody reacts to a second. */
const LOOK_S = 20
/** How long more than is needed may stay: the window before a scale-down, as Kubernetes and Outrigger ship it. */
const WINDOW_S = 300
/** What is not too much: slots 64 % full (0.8 of 0.8), and one replica more. */
const FULL = 0.64

/**
 * Between what was needed at least over the last seconds, and what was needed with headroom at any time in the
 * scale-down window, or in the start-up time before it.
 */
export function tubeOf(
  offered: readonly number[],
  { carries, replicas, startUpS }: TubeOptions,
): Tube {
  const demand = means(offered, LOOK_S)
  const low = demand.map(rate => Math.ceil(rate / carries))
  const ample = demand.map(rate => Math.ceil(rate / carries / FULL) + 1)
  const back = WINDOW_S + Math.ceil(startUpS)
  const high = ample.map((_, second) => {
    const most = Math.max(...ample.slice(Math.max(0, second - back), second + 1))
    return second < back ? Math.max(most, replicas) : most
  })
  return { low, high }
}

/**
 * How often a count that stays in the tube has to turn round at least. It stays where it is for as long as it
 * can, then goes on in one direction for as long as it can: nothing turns round less often.
 */
export function fewestTurns({ low, high }: Tube): number {
  let turned = 0
  let direction = 0
  // Of the stretch in one direction: the least that one who rises can be at, the most of one who falls.
  let floor = -Infinity
  let ceiling = Infinity
  for (const [second, least] of low.entries()) {
    const most = Math.max(least, high[second] ?? Infinity)
    floor = Math.max(floor, least)
    ceiling = Math.min(ceiling, most)
    const up = least > ceiling
    const down = most < floor
    if (direction >= 0 && down) {
      if (direction > 0) turned++
      direction = -1
    } else if (direction <= 0 && up) {
      if (direction < 0) turned++
      direction = 1
    } else continue
    floor = least
    ceiling = most
  }
  return turned
}

function means(values: readonly number[], over: number): number[] {
  let sum = 0
  return values.map((value, i) => {
    sum += value - (values[i - over] ?? 0)
    return sum / Math.min(over, i + 1)
  })
}
