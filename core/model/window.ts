import { add, distribution, EMPTY } from './distribution.ts'
import { engineReading, limitState, NO_REJECTIONS, rejections, type Sample } from './sample.ts'
import { int, list, nullable, object, text, type Infer } from './schema.ts'

/**
 * A window: samples folded over a span. Every field is a sum, a maximum, or the latest by (start, boot, seq),
 * so folding is associative and commutative: any order of arrival gives the same window.
 */
export const spans = [1, 3, 20, 30, 300] as const
export type Span = (typeof spans)[number]

const level = object({ integral: int(), max: int(), end: int() })

/** The latest gauges of one sender. */
export const latest = object({
  start: int(),
  boot: text(40),
  seq: int(),
  limit: limitState,
  inFlight: int(),
  queued: int(),
  cpuQuota: nullable(int()),
  memory: nullable(object({ bytes: int(), limit: nullable(int()) })),
  gpu: nullable(object({ util: int(0, 1000), memoryBytes: int(), memoryLimit: nullable(int()) })),
  engine: nullable(engineReading),
})
export type Latest = Infer<typeof latest>

export const window = object({
  /** Samples folded, and the us that they cover together. */
  samples: int(),
  us: int(),
  offered: int(),
  attempts: int(),
  admitted: int(),
  completed: object({ ok: int(), client: int(), server: int() }),
  late: int(),
  rejected: rejections,
  abandoned: int(),
  inFlight: level,
  queued: level,
  service: distribution,
  wait: distribution,
  /** [n, us, successes, tokens], n ascending. */
  occupancy: list(list(int(), 4), 200),
  boundUs: int(),
  tokens: object({ in: int(), out: int() }),
  /** CPU us, and quota x time in the same unit (cores x us); 0 where not measured. */
  cpu: object({ us: int(), available: int() }),
  /** Largest seen, permille of its limit; null where not measured. */
  memoryPermille: nullable(int()),
  gpuPermille: nullable(int()),
  kvPermille: nullable(int()),
  engineWaiting: nullable(int()),
  latest: nullable(latest),
})
export type Window = Infer<typeof window>

const NOTHING = { integral: 0, max: 0, end: 0 }
/** What a sample or a window counts where nobody was there. */
export const UNCOUNTED = {
  offered: 0,
  attempts: 0,
  admitted: 0,
  completed: { ok: 0, client: 0, server: 0 },
  late: 0,
  rejected: NO_REJECTIONS,
  abandoned: 0,
  inFlight: NOTHING,
  queued: NOTHING,
  service: EMPTY,
  wait: EMPTY,
  boundUs: 0,
}

export const EMPTY_WINDOW: Window = {
  samples: 0,
  us: 0,
  ...UNCOUNTED,
  occupancy: [],
  tokens: { in: 0, out: 0 },
  cpu: { us: 0, available: 0 },
  memoryPermille: null,
  gpuPermille: null,
  kvPermille: null,
  engineWaiting: null,
  latest: null,
}

/** One sample as a window of one. */
export function windowOf(s: Sample): Window {
  return {
    samples: 1,
    us: s.us,
    offered: s.offered,
    attempts: s.attempts,
    admitted: s.admitted,
    completed: s.completed,
    late: s.late,
    rejected: s.rejected,
    abandoned: s.abandoned,
    inFlight: s.inFlight,
    queued: s.queued,
    service: s.service,
    wait: s.wait,
    occupancy: s.occupancy,
    boundUs: s.boundUs,
    tokens: s.tokens ?? { in: 0, out: 0 },
    cpu:
      s.cpu === null
        ? { us: 0, available: 0 }
        : { us: s.cpu.us, available: Math.floor((s.cpu.quota * s.us) / 1000) },
    memoryPermille: s.memory === null ? null : permille(s.memory.bytes, s.memory.limit),
    gpuPermille: s.gpu?.util ?? null,
    kvPermille: s.engine?.kv ?? null,
    engineWaiting: s.engine?.waiting ?? null,
    latest: {
      start: s.start,
      boot: s.boot,
      seq: s.seq,
      limit: s.limit,
      inFlight: s.inFlight.end,
      queued: s.queued.end,
      cpuQuota: s.cpu?.quota ?? null,
      memory: s.memory,
      gpu: s.gpu,
      engine: s.engine,
    },
  }
}

/**
 * Folds two windows. The `end` of a level is the sum of ends: folding seconds of one sender, take
 * `latest` instead; folding senders of one second, it is how many there were together.
 */
export function fold(a: Window, b: Window): Window {
  if (a.samples === 0) return b
  if (b.samples === 0) return a
  return {
    samples: a.samples + b.samples,
    us: a.us + b.us,
    offered: a.offered + b.offered,
    attempts: a.attempts + b.attempts,
    admitted: a.admitted + b.admitted,
    completed: sumOf(a.completed, b.completed),
    late: a.late + b.late,
    rejected: sumOf(a.rejected, b.rejected),
    abandoned: a.abandoned + b.abandoned,
    inFlight: foldLevel(a.inFlight, b.inFlight),
    queued: foldLevel(a.queued, b.queued),
    service: add(a.service, b.service),
    wait: add(a.wait, b.wait),
    occupancy: foldOccupancy(a.occupancy, b.occupancy),
    boundUs: a.boundUs + b.boundUs,
    tokens: sumOf(a.tokens, b.tokens),
    cpu: sumOf(a.cpu, b.cpu),
    memoryPermille: most(a.memoryPermille, b.memoryPermille),
    gpuPermille: most(a.gpuPermille, b.gpuPermille),
    kvPermille: most(a.kvPermille, b.kvPermille),
    engineWaiting: most(a.engineWaiting, b.engineWaiting),
    latest: later(a.latest, b.latest),
  }
}

function foldLevel(a: Window['inFlight'], b: Window['inFlight']): Window['inFlight'] {
  return { integral: a.integral + b.integral, max: Math.max(a.max, b.max), end: a.end + b.end }
}

function sumOf<T extends Record<string, number>>(a: T, b: T): T {
  const out = { ...a }
  // A loop, not entries and back: this runs for each sample of each replica.
  for (const key in out) out[key] = ((a[key] ?? 0) + (b[key] ?? 0)) as T[typeof key]
  return out
}

function most(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

function permille(part: number, whole: number | null): number | null {
  return whole === null || whole === 0 ? null : Math.round((part * 1000) / whole)
}

/** The later of two by (start, boot, seq). */
export function later(a: Latest | null, b: Latest | null): Latest | null {
  if (a === null || b === null) return a ?? b
  if (a.start !== b.start) return a.start > b.start ? a : b
  if (a.boot !== b.boot) return a.boot > b.boot ? a : b
  return a.seq >= b.seq ? a : b
}

function foldOccupancy(a: number[][], b: number[][]): number[][] {
  const rows = new Map<number, [number, number, number, number]>()
  for (const [n = 0, us = 0, done = 0, tokens = 0] of [...a, ...b]) {
    const row = rows.get(n)
    if (row === undefined) {
      rows.set(n, [n, us, done, tokens])
    } else {
      row[1] += us
      row[2] += done
      row[3] += tokens
    }
  }
  return [...rows.values()].toSorted((x, y) => x[0] - y[0])
}
