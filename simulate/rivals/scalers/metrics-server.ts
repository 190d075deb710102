import type { PodSecond, Second } from './scaler.ts'

/** The kubelet's cAdvisor looks at a container each 10 s (pkg/kubelet/cadvisor/cadvisor_linux.go). */
const READ_MS = 10_000
/** metrics-server asks each kubelet (--metric-resolution). */
const SCRAPE_MS = 15_000
/** Its phase: half a period before the autoscaler's sync, about the mean of all phases. */
const PHASE_MS = 7000
/** A container is measured from its start when it is not older than the resolution, but at least this old. */
const FRESH_MS = 10_000

/** CPU use of a pod: cores x 1000, when the last reading was, and over how long. */
interface Usage {
  milli: number
  request: number
  atMs: number
  windowMs: number
}

interface Point {
  atMs: number
  us: number
}

/**
 * How CPU use reaches the autoscaler: a reading each 10 s, fetched each 15 s, the use between the last two
 * that were fetched. Seen from a sync, a change is 27.5 s old in the mean (kubernetes/kubernetes issue 110317).
 *
 * Source: kubernetes-sigs/metrics-server at 5ed5d3a (August 2026), pkg/storage/{pod,types}.go.
 */
export class MetricsServer {
  private readonly used = new Map<string, number>()
  private readonly read = new Map<string, Point>()
  private last = new Map<string, Point>()
  private prev = new Map<string, Point>()
  private readonly requests = new Map<string, number>()

  second({ atMs, pods }: Second): void {
    for (const { name, cpu } of pods) {
      if (cpu === null) continue
      this.used.set(name, (this.used.get(name) ?? 0) + cpu.us)
      this.requests.set(name, cpu.quota)
      if (atMs % READ_MS === 0) this.read.set(name, { atMs, us: this.used.get(name) ?? 0 })
    }
    if (atMs % SCRAPE_MS === PHASE_MS) this.scrape(pods)
  }

  usage(name: string): Usage | null {
    const [last, prev] = [this.last.get(name), this.prev.get(name)]
    if (last === undefined || prev === undefined) return null
    const windowMs = last.atMs - prev.atMs
    const milli = Math.ceil((last.us - prev.us) / windowMs)
    return { milli, request: this.requests.get(name) ?? 0, atMs: last.atMs, windowMs }
  }

  private scrape(pods: readonly PodSecond[]): void {
    const last = new Map<string, Point>()
    const prev = new Map<string, Point>()
    for (const { name, createdMs } of pods) {
      const point = this.read.get(name)
      if (point === undefined) continue
      last.set(name, point)
      const age = point.atMs - createdMs
      const stored = this.last.get(name)
      const before =
        age >= FRESH_MS && age < SCRAPE_MS
          ? { atMs: createdMs, us: 0 }
          : stored !== undefined && stored.atMs < point.atMs
            ? stored
            : this.prev.get(name)
      if (before !== undefined) prev.set(name, before)
    }
    this.last = last
    this.prev = prev
    for (const name of this.used.keys()) {
      if (!pods.some(pod => pod.name === name)) this.forget(name)
    }
  }

  private forget(name: string): void {
    this.used.delete(name)
    this.read.delete(name)
    this.requests.delete(name)
  }
}
