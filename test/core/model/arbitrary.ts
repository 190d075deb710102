import fc from 'fast-check'
import { DistributionRecorder } from '../../../core/model/distribution.ts'
import type { Sample } from '../../../core/model/sample.ts'

/** Samples of any kind, for property tests. (start, boot, seq) is unique within a list. */
const count = fc.nat(1000)
const level = fc.record({ integral: fc.nat(10_000_000), max: fc.nat(50), end: fc.nat(50) })
const distribution = fc.array(fc.nat(5_000_000), { maxLength: 8 }).map(values => {
  const recorder = new DistributionRecorder()
  for (const value of values) recorder.add(value)
  return recorder.take()
})
const orNull = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null })

const limit = fc.record({
  learned: fc.nat(100),
  arm: fc.constantFrom('a' as const, 'b' as const, 'none' as const),
  slot: fc.nat(20),
  settling: fc.boolean(),
  guard: fc.boolean(),
  effective: fc.nat(100),
  order: orNull(fc.record({ epoch: fc.nat(3), n: fc.nat(9) })),
})

const occupancy = fc
  .uniqueArray(fc.tuple(fc.nat(15), count, count, count), { selector: ([n]) => n, maxLength: 5 })
  .map(rows => rows.toSorted(([a], [b]) => a - b))

const sample: fc.Arbitrary<Sample> = fc.record({
  v: fc.constant(1 as const),
  kind: fc.constantFrom('replica' as const, 'edge' as const),
  endpoint: fc.constant('local/digits'),
  revision: fc.constant('r1'),
  replica: fc.constantFrom('one', 'two', 'three'),
  boot: fc.constantFrom('boot-a', 'boot-b', 'boot-c'),
  seq: fc.nat(5),
  start: fc.nat(5).map(n => 1_700_000_000_000 + n * 1000),
  us: fc.integer({ min: 1, max: 2_000_000 }),
  limit,
  offered: count,
  attempts: count,
  admitted: count,
  completed: fc.record({ ok: count, client: count, server: count }),
  late: count,
  rejected: fc.record({
    full: count,
    late: count,
    'no-slot': count,
    'no-replica': count,
    draining: count,
    upgrades: count,
  }),
  abandoned: count,
  inFlight: level,
  queued: level,
  service: distribution,
  wait: distribution,
  occupancy,
  boundUs: fc.nat(1_000_000),
  tokens: orNull(fc.record({ in: count, out: count })),
  cpu: orNull(fc.record({ us: fc.nat(4_000_000), quota: fc.nat(64_000) })),
  memory: orNull(fc.record({ bytes: fc.nat(1e9), limit: orNull(fc.nat(1e9)) })),
  gpu: orNull(
    fc.record({ util: fc.nat(1000), memoryBytes: fc.nat(1e9), memoryLimit: orNull(fc.nat(1e9)) }),
  ),
  engine: orNull(
    fc.record({
      kind: fc.constant('vllm'),
      running: orNull(count),
      waiting: orNull(count),
      kv: orNull(fc.nat(1000)),
      preemptions: orNull(count),
    }),
  ),
  self: fc.record({ cpuUs: count, rss: count, delayUs: count }),
  causes: fc.constant([]),
})

export const samples = fc.uniqueArray(sample, {
  maxLength: 8,
  selector: s => `${s.start} ${s.boot} ${s.seq}`,
})
