import type { PlatformEndpoint } from '../../core/model/tables.ts'
import type { ReplicaRow } from '../../core/model/windows.ts'

const KEPT = 32
const FURTHEST = 8
/** A service time within this share of the median, permille, is like the rest. */
const LIKE_THE_REST = 250
/** A replica whose newest sample is older is silent. */
const SILENT_MS = 5000

/**
 * At most 32 replicas: those furthest from the median service time, those with most errors, and the
 * least loaded, which are the ones to remove. Least loaded first, the newest first among equals.
 */
export function outliersOf(rows: readonly ReplicaRow[], platform: PlatformEndpoint): ReplicaRow[] {
  const started = new Map(platform.replicas.map(r => [r.replica, r]))
  const leaving = (name: string): boolean => started.get(name)?.state === 'draining'
  const age = (row: ReplicaRow): number => started.get(row.replica)?.started ?? 0
  const byLoad = rows
    .filter(row => started.has(row.replica) && !leaving(row.replica))
    .toSorted((a, b) => load(a) - load(b) || age(b) - age(a) || (a.replica < b.replica ? 1 : -1))
  const median = medianOf(byLoad.map(row => row.serviceUs).filter(us => us !== null))
  const odd = (row: ReplicaRow): number => Math.abs((row.serviceUs ?? median) - median)
  const slow = byLoad
    .filter(row => odd(row) * 1000 > median * LIKE_THE_REST)
    .toSorted((a, b) => odd(b) - odd(a))
    .slice(0, FURTHEST)
  const failing = byLoad
    .filter(row => row.server > 0)
    .toSorted((a, b) => b.server - a.server)
    .slice(0, FURTHEST)
  const chosen = new Set([...slow, ...failing, ...byLoad].slice(0, KEPT))
  return byLoad.filter(row => chosen.has(row))
}

function load(row: ReplicaRow): number {
  return row.inFlightMilli + row.queuedMilli
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

const READINESS = { failed: 0, 'not-ready': 1, starting: 2, ready: 3, draining: 4 } as const

/** Replicas that exist and are silent: those that are not ready first, the newest first among them. */
export function missingOf(rows: readonly ReplicaRow[], platform: PlatformEndpoint): string[] {
  const heard = new Set(rows.filter(row => row.ageMs <= SILENT_MS).map(row => row.replica))
  return platform.replicas
    .filter(r => r.state !== 'draining' && !heard.has(r.replica))
    .toSorted((a, b) => READINESS[a.state] - READINESS[b.state] || b.started - a.started)
    .slice(0, KEPT)
    .map(r => r.replica)
}
