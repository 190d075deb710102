import type { PodSecond, Second } from '../../../../simulate/rivals/scalers/scaler.ts'

/** A pod that has been ready for an hour and does nothing, but for what is given. */
export function pod(given: Partial<PodSecond> = {}): PodSecond {
  return {
    name: 'a',
    createdMs: -3_600_000,
    readyMs: -3_590_000,
    ready: true,
    leaving: false,
    cpu: null,
    presentIntegral: 0,
    arrived: 0,
    ...given,
  }
}

/** So many of them, each with its own name. */
export function pods(count: number, given: Partial<PodSecond> = {}): PodSecond[] {
  return Array.from({ length: count }, (_, i) => pod({ name: `p${i}`, ...given }))
}

export function seen(
  atMs: number,
  of: readonly PodSecond[],
  given: { desired?: number; front?: Partial<Second['front']> } = {},
): Second {
  const front = { arrived: 0, waitingIntegral: 0, waitingEnd: 0, passedIntegral: 0, ...given.front }
  return { atMs, desired: given.desired ?? of.length, pods: of, front }
}
