/** How far use may be from the target without consequences. */
export interface Tolerances {
  up: number
  down: number
}

/** What is known of the pods: use and request of those that count, requests of the others. */
export interface Levels {
  used: { value: number; request: number }[]
  /** Ready, without a metric. */
  missing: number[]
  /** Not ready, or not long enough. */
  unready: number[]
  /** On the way down, a missing one is taken to use so many % of its request. */
  fallback: number
}

export function within(ratio: number, { up, down }: Tolerances): boolean {
  return 1 - down <= ratio && ratio <= 1 + up
}

/**
 * The count that a metric of pods asks for; null without a metric of any pod. `ratio` gives use against
 * the target from the sums of use and of requests.
 *
 * Source: Kubernetes 1.36.3, pkg/controller/podautoscaler/replica_calculator.go (GetResourceReplicas,
 * calcPlainMetricReplicas).
 */
export function propose(
  current: number,
  { used, missing, unready, fallback }: Levels,
  tolerances: Tolerances,
  ratio: (used: number, requests: number) => number,
): number | null {
  const requests = sum(used.map(({ request }) => request))
  if (used.length === 0 || requests === 0) return null
  const use = sum(used.map(({ value }) => value))
  const first = ratio(use, requests)
  const upUnready = unready.length > 0 && first > 1
  if (!upUnready && missing.length === 0) {
    return within(first, tolerances) ? current : Math.ceil(first * used.length)
  }
  // On the way down who is missing uses all that it may, on the way up nothing; who is unready, nothing.
  // At exactly the target they are left out, as in the source.
  const supposed =
    first < 1 ? sum(missing.map(request => Math.trunc((request * fallback) / 100))) : 0
  const others = [...(first === 1 ? [] : missing), ...(upUnready ? unready : [])]
  const second = ratio(use + supposed, requests + sum(others))
  const turned = (first < 1 && second > 1) || (first > 1 && second < 1)
  if (within(second, tolerances) || turned) return current
  const count = Math.ceil(second * (used.length + others.length))
  return (second < 1 && count > current) || (second > 1 && count < current) ? current : count
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
