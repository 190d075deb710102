import type { Random } from '../../random.ts'
import type { PodSecond } from './scaler.ts'

/** 1.96 squared x variance 100 / margin 5 squared. */
const SAMPLE = (1.96 * 1.96 * 100) / 25

/** How many of so many pods are asked: all up to three, then fewer and fewer, at most 16. */
export function sampleSize(pods: number): number {
  return pods <= 3 ? pods : Math.ceil((pods * SAMPLE) / (pods + SAMPLE - 1))
}

/**
 * What the autoscaler makes of the queue-proxies of these pods: it asks some by chance, older ones than
 * `youngMs` first, and takes them for all. `of` gives what one of them reports.
 *
 * Source: Knative Serving at 98e5ef9 (August 2026), pkg/autoscaler/metrics/{stats_scraper,sample_size}.go.
 */
export function scrape(
  pods: readonly PodSecond[],
  { atMs, youngMs, random }: { atMs: number; youngMs: number; random: Random },
  of: (pod: PodSecond) => number,
): number {
  const size = sampleSize(pods.length)
  if (size === 0) return 0
  const old = pods.filter(({ createdMs }) => atMs - createdMs >= youngMs)
  const young = pods.filter(({ createdMs }) => atMs - createdMs < youngMs)
  const asked = [...some(old, size, random), ...some(young, size - old.length, random)]
  const sum = asked.reduce((total, pod) => total + of(pod), 0)
  return (sum / size) * pods.length
}

/** So many of them by chance; all where there aren't more. */
function some(pods: PodSecond[], count: number, random: Random): PodSecond[] {
  if (pods.length <= count) return pods
  for (let i = 0; i < count; i++) {
    const j = i + random.below(pods.length - i)
    const [one, other] = [pods[i] as PodSecond, pods[j] as PodSecond]
    pods[i] = other
    pods[j] = one
  }
  return pods.slice(0, Math.max(0, count))
}
