import type { Inputs, Summary } from '../../../core/model/decision.ts'
import { defaults, type Settings } from '../../../core/model/settings.ts'
import type { ReplicaRow } from '../../../core/model/windows.ts'
import {
  freshReplicas,
  type LimitView,
  type ReplicasState,
  type Sight,
} from '../../../controller/decide/replicas-state.ts'

/** Planted inputs for table tests: a calm endpoint, and what a test changes of it. */
export const NOW = 1_800_000_000_000

/** 10 requests a second of 200 ms each: 2 at once. */
export function summary(seconds: number, changed: Partial<Summary> = {}): Summary {
  const count = 10 * seconds
  return {
    seconds,
    offered: count,
    attempts: count,
    admitted: count,
    ok: count,
    client: 0,
    server: 0,
    late: 0,
    rejected: 0,
    abandoned: 0,
    inFlightMilli: 2000,
    queuedMilli: 0,
    heldMilli: 0,
    heldMax: 0,
    present: 2,
    serviceCount: count,
    serviceSum: count * 200_000,
    serviceP50: 200_000,
    serviceP95: 200_000,
    waitP95: 0,
    boundPermille: 0,
    cpuPermille: null,
    memoryPermille: null,
    gpuPermille: null,
    kvPermille: null,
    engineWaiting: null,
    tokensOut: 0,
    coverage: 1000,
    expected: 4,
    reporting: 4,
    stalenessMs: 0,
    ...changed,
  }
}

export function inputs(changed: Partial<Inputs> = {}): Inputs {
  return {
    replicas: replicas(4),
    platformVersion: 1,
    startUps: [],
    windows: { '3': summary(3), '20': summary(20), '30': summary(30), '300': summary(300) },
    windowAgeMs: 500,
    offeredPerSecond: [],
    outliers: [],
    missing: [],
    folds: [],
    inForce: null,
    overrides: [],
    causes: [],
    activate: false,
    ...changed,
  }
}

export function replicas(
  ready: number,
  changed: Partial<Inputs['replicas']> = {},
): Inputs['replicas'] {
  return {
    desired: ready,
    ready,
    starting: 0,
    notReady: 0,
    draining: 0,
    failed: 0,
    oldestStartingMs: 0,
    ...changed,
  }
}

/** The same change in every window; counts are of 20 s and scaled to the others. */
export function windows(changed: Partial<Summary>): Record<string, Summary> {
  const counts = [
    'offered',
    'ok',
    'server',
    'client',
    'rejected',
    'abandoned',
    'serviceCount',
    'serviceSum',
  ]
  const of = (seconds: number): Summary => {
    const scaled = Object.entries(changed).map(([name, value]) => [
      name,
      counts.includes(name) && value !== null ? Math.round((value * seconds) / 20) : value,
    ])
    return summary(seconds, Object.fromEntries(scaled) as Partial<Summary>)
  }
  return { '3': of(3), '20': of(20), '30': of(30), '300': of(300) }
}

interface Changed {
  inputs?: Partial<Inputs>
  state?: Partial<ReplicasState>
  settings?: Partial<Settings>
  limit?: Partial<LimitView>
  now?: number
}

/** A limit of 4, a queue deadline of 400 ms, at most 100 replicas, everything else as it is by default. */
export function sight(changed: Changed = {}): Sight {
  return {
    inputs: inputs(changed.inputs),
    state: { ...freshReplicas(), highs: [[NOW, 0]], ...changed.state },
    settings: { ...defaults, 'max-replicas': 100, ...changed.settings },
    limit: { limit: 4, queueUs: 400_000, serviceUs: null, climbing: false, ...changed.limit },
    now: changed.now ?? NOW,
  }
}

export function row(replica: string, changed: Partial<ReplicaRow> = {}): ReplicaRow {
  return {
    replica,
    revision: 'r1',
    ageMs: 100,
    inFlightMilli: 1000,
    queuedMilli: 0,
    offered: 50,
    ok: 50,
    server: 0,
    serviceUs: 200_000,
    cpuPermille: null,
    effective: 4,
    order: null,
    ...changed,
  }
}
