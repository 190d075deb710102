import type { EndpointWindows } from '../../../core/model/windows.ts'
import type { Traffic } from './bypass.ts'

/** Rows of replicas tell of the last 20 s: one in as many is as good as all. */
const STEP_MS = 20_000
/** 5 minutes. */
const STEPS = 15

interface Step {
  /** ms of the aggregator. */
  from: number
  /** Of what a sidecar does for requests, anything: only whether it is 0 counts. */
  seen: number
  /** Fewest connections past the sidecar of all looks; null where nobody looked. */
  direct: number | null
}

/** What the sidecars of the last minutes tell of their traffic, from each second of the aggregator. */
export class TrafficSeen {
  /** By endpoint, then by replica, which is its pod's name. */
  private readonly endpoints = new Map<string, Map<string, Step[]>>()

  take({ endpoint, at, replicas }: EndpointWindows): void {
    const before = this.endpoints.get(endpoint)
    if (before === undefined) this.forget(at)
    const now = new Map<string, Step[]>()
    for (const row of replicas) {
      // One that is silent tells nothing, and what it told before is no whole any more.
      if (row.ageMs > STEP_MS) continue
      // An edge counts the arrivals that it passes on: then they are none of the sidecar's.
      const seen = row.offered + row.ok + row.server + row.inFlightMilli + row.queuedMilli
      const steps = before?.get(row.replica) ?? []
      now.set(row.replica, added(steps, { from: at, seen, direct: row.direct ?? null }))
    }
    if (now.size === 0) this.endpoints.delete(endpoint)
    else this.endpoints.set(endpoint, now)
  }

  /** Null until it was heard for minutes. */
  of(endpoint: string, replica: string): Pick<Traffic, 'offered' | 'connections'> | null {
    const steps = this.endpoints.get(endpoint)?.get(replica) ?? []
    if (steps.length < STEPS) return null
    const looks = steps.flatMap(({ direct }) => direct ?? [])
    return {
      offered: steps.reduce((sum, { seen }) => sum + seen, 0),
      connections: looks.length === 0 ? null : Math.min(...looks),
    }
  }

  /** Endpoints of which nothing has come for as long: they are gone. */
  private forget(now: number): void {
    for (const [name, replicas] of this.endpoints) {
      const newest = Math.max(...[...replicas.values()].map(steps => steps.at(-1)?.from ?? 0))
      if (now - newest > STEPS * STEP_MS) this.endpoints.delete(name)
    }
  }
}

function added(steps: Step[], step: Step): Step[] {
  const last = steps.at(-1)
  // A clock that went back begins anew.
  if (last === undefined || step.from < last.from) return [step]
  if (step.from - last.from >= STEP_MS) return [...steps, step].slice(-STEPS)
  last.direct = fewest(last.direct, step.direct)
  return steps
}

function fewest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b)
}
