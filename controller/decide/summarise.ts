import type { Inputs, Override, Summary } from '../../core/model/decision.ts'
import { quantile } from '../../core/model/histogram.ts'
import type { OrderNumber } from '../../core/model/order.ts'
import type { PlatformEndpoint } from '../../core/model/tables.ts'
import type {
  ArmFold,
  EndpointWindow,
  EndpointWindows,
  ReplicaRow,
} from '../../core/model/windows.ts'
import { outliersOf, missingOf } from './outliers.ts'

/** What a decision looks at, from all that is known of an endpoint. */
export interface Observed {
  /** The newest answer of the aggregator, and ms since its newest second; null when there is none. */
  windows: EndpointWindows | null
  windowAgeMs: number | null
  platform: PlatformEndpoint
  platformVersion: number
  now: number
  /** When replicas were last decided, ms: start-ups since then are told. */
  since: number | null
  /** Evidence that the limit has not seen; empty for a decision about replicas. */
  folds: ArmFold[]
  overrides: Override[]
  activate: boolean
}

const SPANS = ['3', '20', '30', '300'] as const
/** Seconds of arrivals that the trend looks at, at most. */
const SECONDS = 120

/** Bounded inputs, integers only, for a fleet of any size. */
export function summarise(seen: Observed): Inputs {
  const { windows, platform, now } = seen
  const rows = windows?.replicas ?? []
  return {
    replicas: replicasOf(platform, now),
    platformVersion: seen.platformVersion,
    startUps: startUpsOf(platform, seen.since, now),
    windows: windows === null ? null : summaries(windows, platform),
    windowAgeMs: windows === null ? null : seen.windowAgeMs,
    offeredPerSecond: windows?.offeredPerSecond.slice(-SECONDS) ?? [],
    outliers: outliersOf(rows, platform),
    missing: missingOf(rows, platform),
    folds: seen.folds.slice(-32),
    inForce: agreed(rows),
    overrides: seen.overrides.slice(-32),
    causes: windows?.causes.slice(0, 16) ?? [],
    activate: seen.activate,
  }
}

function replicasOf({ desired, replicas }: PlatformEndpoint, now: number): Inputs['replicas'] {
  const count = (state: string): number => replicas.filter(r => r.state === state).length
  const starts = replicas.filter(r => r.state === 'starting').map(r => now - r.started)
  return {
    desired,
    ready: count('ready'),
    starting: count('starting'),
    notReady: count('not-ready'),
    draining: count('draining'),
    failed: count('failed'),
    oldestStartingMs: starts.reduce((most, ms) => Math.max(most, ms), 0),
  }
}

/** ms from start to ready of replicas that became ready since; one that was restarted says nothing. */
function startUpsOf({ replicas }: PlatformEndpoint, since: number | null, now: number): number[] {
  return replicas
    .filter(r => r.ready !== null && r.restarts === 0 && r.ready <= now && r.ready > (since ?? 0))
    .toSorted((a, b) => (a.ready ?? 0) - (b.ready ?? 0))
    .map(r => Math.max(0, (r.ready ?? 0) - r.started))
    .slice(-32)
}

function summaries(windows: EndpointWindows, platform: PlatformEndpoint): Record<string, Summary> {
  const told = toldBy(platform)
  const newest = windows.windows['1'] ?? null
  const out: Record<string, Summary> = {}
  for (const span of SPANS) {
    const window = windows.windows[span]
    if (window === undefined) continue
    const summary = completed(summaryOf(window, newest), told)
    // Before the rings are read after a start, whatever a window holds is a part of it only.
    out[span] = windows.warm ? summary : { ...summary, coverage: 0 }
  }
  return out
}

/** What the platform knows of an endpoint where samples say nothing. */
interface Told {
  cpuPermille: number | null
  memoryPermille: number | null
  gpuPermille: number | null
  held: number
}

/** As samples fold: the mean of CPU use, the most of memory and of GPU use. */
function toldBy({ replicas, held }: PlatformEndpoint): Told {
  const usage = replicas.flatMap(r => (r.state === 'ready' ? (r.usage ?? []) : []))
  const cpu = usage.flatMap(each => each.cpuPermille ?? [])
  const most = (values: number[]): number | null =>
    values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b))
  const sum = cpu.reduce((a, b) => a + b, 0)
  return {
    cpuPermille: cpu.length === 0 ? null : Math.round(sum / cpu.length),
    memoryPermille: most(usage.flatMap(each => each.memoryPermille ?? [])),
    gpuPermille: most(usage.flatMap(each => each.gpuPermille ?? [])),
    held: held ?? 0,
  }
}

/** A sidecar that can't see the model's processes or devices says nothing of their use: their host does. */
function completed(summary: Summary, { held, ...told }: Told): Summary {
  return {
    ...summary,
    cpuPermille: summary.cpuPermille ?? told.cpuPermille,
    memoryPermille: summary.memoryPermille ?? told.memoryPermille,
    gpuPermille: summary.gpuPermille ?? told.gpuPermille,
    heldMilli: summary.heldMilli + held * 1000,
    heldMax: Math.max(summary.heldMax, held),
    present: summary.present + held,
  }
}

/**
 * One window, replicas and edges together. Arrivals count where they first meet us, so those at edges
 * and at sidecars add up. The levels of the newest second (`newest`) are those of now.
 */
export function summaryOf(window: EndpointWindow, newest: EndpointWindow | null): Summary {
  const { replicas, edges, seconds } = window
  const perMilli = Math.max(1, seconds) * 1000
  const now = newest ?? window
  const upgrades = edges.rejected.upgrades + replicas.rejected.upgrades
  const wait = edges.wait.count > 0 ? edges.wait : replicas.wait
  return {
    seconds,
    // A refused upgrade wanted no slot: it is neither demand nor a request turned away.
    offered: Math.max(0, edges.offered + replicas.offered - upgrades),
    attempts: replicas.attempts,
    admitted: replicas.admitted,
    ok: replicas.completed.ok,
    client: replicas.completed.client,
    server: replicas.completed.server,
    late: replicas.late,
    // A sidecar's no-slot is an attempt of an edge that went elsewhere.
    rejected: total(edges.rejected) + total({ ...replicas.rejected, 'no-slot': 0 }) - upgrades,
    // A client that leaves an edge is seen by the sidecar too.
    abandoned: Math.max(edges.abandoned, replicas.abandoned),
    inFlightMilli: Math.round(replicas.inFlight.integral / perMilli),
    queuedMilli: Math.round(replicas.queued.integral / perMilli),
    heldMilli: Math.round(edges.queued.integral / perMilli),
    heldMax: edges.queued.max,
    present: now.replicas.inFlight.end + now.replicas.queued.end + now.edges.queued.end,
    serviceCount: replicas.service.count,
    serviceSum: replicas.service.sum,
    serviceP50: quantile(replicas.service.histogram, 500),
    serviceP95: quantile(replicas.service.histogram, 950),
    waitP95: quantile(wait.histogram, 950),
    boundPermille: share(replicas.boundUs, replicas.us) ?? 0,
    cpuPermille: share(replicas.cpu.us, replicas.cpu.available),
    memoryPermille: replicas.memoryPermille,
    gpuPermille: replicas.gpuPermille,
    kvPermille: replicas.kvPermille,
    engineWaiting: replicas.engineWaiting,
    tokensOut: replicas.tokens.out,
    coverage: window.coverage,
    expected: window.expected,
    reporting: window.reporting,
    stalenessMs: window.stalenessMs,
  }
}

export function total(rejected: Record<string, number>): number {
  return Object.values(rejected).reduce((sum, n) => sum + n, 0)
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part * 1000) / whole)
}

/** The order that all reporting replicas hold, or null where they differ. */
function agreed(rows: readonly ReplicaRow[]): OrderNumber | null {
  const first = rows[0]?.order ?? null
  const same = rows.every(
    row => row.order !== null && row.order.epoch === first?.epoch && row.order.n === first.n,
  )
  return same ? first : null
}
