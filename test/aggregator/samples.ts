import { bucketOf } from '../../core/model/histogram.ts'
import type { Sample } from '../../core/model/sample.ts'
import { edgeSample } from '../../edge/dispatch/sample.ts'
import { Tally } from '../../edge/dispatch/tally.ts'

export const ENDPOINT = 'local/digits'
/** A whole second, ms: the second 1,000,000. */
export const T0 = 1_000_000_000
export const SECOND0 = T0 / 1000
/** A replica of it that nobody listens for. */
export const target = {
  kind: 'replica' as const,
  endpoint: ENDPOINT,
  replica: 'a',
  revision: null,
  admin: '127.0.0.1:1',
  expected: true,
}

/** A sample of a quiet second, of a replica unless something else is said, with what is given laid over it. */
export function sampleOf(over: Partial<Sample> = {}): Sample {
  const told = {
    endpoint: ENDPOINT,
    revision: 'r1',
    replica: 'a',
    boot: 'boot1',
    seq: 0,
    start: T0,
    us: 1_000_000,
    self: { cpuUs: 1000, rss: 50_000_000, delayUs: 100 },
    causes: [],
  }
  const quiet = edgeSample(told, new Tally(0).take(1_000_000))
  const limit = { ...quiet.limit, learned: 4, effective: 4 }
  return { ...quiet, kind: 'replica', limit, ...over }
}

/** A second in which `served` requests took `us` each, two in flight and one queued all the time. */
export function busy(served: number, us: number, over: Partial<Sample> = {}): Sample {
  const durations = {
    count: served,
    sum: served * us,
    squares: (BigInt(served) * BigInt(us) * BigInt(us)).toString(),
    histogram: served === 0 ? [] : [bucketOf(us), served],
  }
  return sampleOf({
    offered: served,
    admitted: served,
    completed: { ok: served, client: 0, server: 0 },
    inFlight: { integral: 2_000_000, max: 3, end: 2 },
    queued: { integral: 1_000_000, max: 2, end: 1 },
    service: durations,
    wait: durations,
    occupancy: [[2, 1_000_000, served, 0]],
    cpu: { us: 500_000, quota: 1000 },
    ...over,
  })
}

/** Seconds 0, 1, ... of one life of a sender. */
export function life(seconds: number, over: Partial<Sample> = {}, from = T0): Sample[] {
  return Array.from({ length: seconds }, (_, seq) =>
    busy(seq % 7, 1000 + 37 * seq, { seq, start: from + seq * 1000, ...over }),
  )
}

export const reference = (n: number): string =>
  `${n.toString(16).padStart(32, '0')}-${n.toString(16).padStart(16, '0')}`
