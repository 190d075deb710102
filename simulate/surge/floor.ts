interface FloorOptions {
  /** Requests a second that a replica carries, and how many there are at the beginning. */
  carries: number
  replicas: number
  startUpS: number
}

/**
 * The share of the requests that start-up time alone makes bad: what comes above what can be carried, if just
 * as many replicas as are needed were asked for at once, came one start-up time later and stayed. Nobody has
 * it lower who neither foresees anything nor keeps more than is needed; headroom can.
 */
export function startUpFloor(
  offered: readonly number[],
  { carries, replicas, startUpS }: FloorOptions,
): number {
  let there = replicas
  let over = 0
  let all = 0
  for (const [second, requests] of offered.entries()) {
    const asked = offered[second - Math.ceil(startUpS)] ?? 0
    there = Math.max(there, Math.ceil(asked / carries))
    over += Math.max(0, requests - there * carries)
    all += requests
  }
  return over / Math.max(1, all)
}
