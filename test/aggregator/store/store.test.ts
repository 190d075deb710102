import test from 'ava'
import fc from 'fast-check'
import type { From } from '../../../aggregator/store/store.ts'
import { Store } from '../../../aggregator/store/store.ts'
import { firstOf } from '../../../aggregator/store/ring.ts'
import type { Sample } from '../../../core/model/sample.ts'
import { check } from '../../../core/model/schema.ts'
import { EMPTY_WINDOW, fold, spans, windowOf } from '../../../core/model/window.ts'
import { endpointWindows, type EndpointWindows } from '../../../core/model/windows.ts'
import { busy, ENDPOINT, life, reference, sampleOf, SECOND0, T0 } from '../samples.ts'

const target = (replica: string, kind: 'replica' | 'edge' = 'replica', expected = true) => ({
  kind,
  endpoint: kind === 'edge' ? null : ENDPOINT,
  replica,
  revision: null,
  admin: '127.0.0.1:1',
  expected,
})

function fromOf({ kind, endpoint, replica }: Sample): From {
  return { kind, endpoint: kind === 'edge' ? null : endpoint, replica }
}

function told(samples: readonly Sample[], now: number): EndpointWindows {
  const store = new Store()
  store.setTargets([target('a'), target('b'), target('e', 'edge')], T0 - 1000)
  for (const sample of samples) store.take(fromOf(sample), sample, 0, now)
  const windows = store.windows(ENDPOINT, now, true)
  if (windows === null) throw new Error('no windows')
  return windows
}

/** Some minutes of two replicas, one of which restarts, and an edge; numbers that differ each second. */
const traffic = fc
  .record({ seconds: fc.integer({ min: 1, max: 290 }), cut: fc.nat(100), phase: fc.nat(999) })
  .map(({ seconds, cut, phase }) => {
    const at = T0 + phase
    const order = (seq: number) => ({ epoch: 1 + (seq % 3), n: 5 })
    const probing = life(seconds, { replica: 'a', boot: 'a1' }, at).map(s => ({
      ...s,
      causes: [reference(s.seq % 40)],
      limit: { ...s.limit, order: order(s.seq), slot: s.seq >> 2, arm: 'a' as const },
    }))
    const restarted = life(Math.min(cut, seconds), { replica: 'b', boot: 'b1' }, at)
    const after = life(seconds, { replica: 'b', boot: 'b2' }, at + restarted.length * 1000)
    const edge = life(seconds, { replica: 'e', boot: 'e1', kind: 'edge' }, at)
    const end = at + seconds * 1000
    return {
      samples: [...probing, ...restarted, ...after.filter(s => s.start < end), ...edge],
      now: at + seconds * 1000 + 200,
    }
  })

test('any order, with repeats, of the same samples gives the same windows', t => {
  fc.assert(
    fc.property(traffic, fc.array(fc.nat(), { minLength: 20, maxLength: 60 }), (given, dice) => {
      const { samples, now } = given
      // Cut and resume: stretches are sent again; shuffle: each goes to a place that the dice say.
      const again = dice.map(die => samples[die % samples.length] as Sample)
      const shuffled = [...samples, ...again]
        .map((sample, i) => ({ sample, key: ((dice[i % dice.length] ?? 0) + i * 7919) % 1009 }))
        .toSorted((x, y) => x.key - y.key)
        .map(({ sample }) => sample)
      t.deepEqual(told(shuffled, now), told(samples, now))
    }),
    { numRuns: 40 },
  )
})

test('windows are the fold of exactly the seconds that they cover', t => {
  fc.assert(
    fc.property(traffic, ({ samples, now }) => {
      const windows = told(samples, now)
      const end = windows.at / 1000 - 1
      for (const span of spans) {
        const inSpan = samples.filter(s => {
          const position = Math.floor(s.start / 1000)
          return s.kind === 'replica' && position <= end && position >= firstOf(span, end)
        })
        const plain = inSpan.map(windowOf).reduce(fold, EMPTY_WINDOW)
        const got = windows.windows[String(span)]
        const { inFlight, queued, ...rest } = got?.replicas ?? EMPTY_WINDOW
        const { inFlight: plainInFlight, queued: plainQueued, ...plainRest } = plain
        t.deepEqual(rest, plainRest)
        t.is(inFlight.integral, plainInFlight.integral)
        t.is(queued.max, plainQueued.max)
      }
      const checked = check(endpointWindows, JSON.parse(JSON.stringify(windows)))
      t.true(checked.ok, JSON.stringify(checked))
    }),
    { numRuns: 30 },
  )
})

test('a sample is counted once, whatever its result', t => {
  const store = new Store()
  const seen: Sample[] = []
  const counting = new Store(sample => void seen.push(sample))
  for (const one of [store, counting]) one.setTargets([target('a')], T0)
  const from = fromOf(sampleOf())
  const now = T0 + 2000
  t.is(counting.take(from, sampleOf(), 0, now), 'new')
  t.is(counting.take(from, sampleOf(), 0, now), 'duplicate')
  t.is(counting.take(from, sampleOf({ seq: 1, start: T0 - 400_000 }), 0, now), 'late')
  t.is(counting.take(from, sampleOf({ seq: 2, start: T0 + 60_000 }), 0, now), 'nonsense')
  t.is(counting.take(from, sampleOf({ seq: 3, endpoint: 'other/one' }), 0, now), 'nonsense')
  t.is(counting.take(from, sampleOf({ seq: 4, kind: 'edge' }), 0, now), 'nonsense')
  t.deepEqual(counting.taken, { new: 1, duplicate: 1, late: 1, nonsense: 0 })
  t.is(seen.length, 1)
})

test('a clock an hour off lands in the right second by its offset', t => {
  const store = new Store()
  store.setTargets([target('a')], T0 - 1000)
  const hour = 3_600_000
  const [sample] = life(1, { replica: 'a' }, T0 + hour)
  store.take(
    { kind: 'replica', endpoint: ENDPOINT, replica: 'a' },
    sample as Sample,
    -hour,
    T0 + 1100,
  )
  const windows = store.windows(ENDPOINT, T0 + 1100, true)
  t.is(windows?.at, T0 + 1000)
  t.is(windows?.windows['1']?.reporting, 1)
  t.is(windows?.windows['1']?.replicas.latest?.start, T0)
})

test('coverage counts a replica from when it was first expected, and only while it is', t => {
  const store = new Store()
  store.setTargets([target('a')], T0 - 20_000)
  for (const s of life(60, { replica: 'a' }, T0 - 20_000)) store.take(fromOf(s), s, 0, T0 + 39_100)
  const now = T0 + 40_100
  const twenty = () => store.windows(ENDPOINT, now, true)?.windows['20']
  t.like(twenty(), { coverage: 1000, expected: 1, reporting: 1, seconds: 20 })
  // b is expected for the last ten of the twenty seconds, and has said nothing.
  store.setTargets([target('a'), target('b')], T0 + 29_000)
  t.like(twenty(), { coverage: 667, expected: 2, reporting: 1, stalenessMs: now - (T0 + 30_000) })
  store.setTargets([target('a'), target('b', 'replica', false)], now)
  t.like(twenty(), { coverage: 1000, expected: 1, reporting: 1 })
  store.setTargets([], now)
  t.like(twenty(), { coverage: 1000, expected: 0, reporting: 0, stalenessMs: 0 })
})

test('what is present at the end is what each replica said last; figures spread over replicas', t => {
  const store = new Store()
  store.setTargets([target('a'), target('b'), target('e', 'edge')], T0)
  const at = (seq: number) => ({ seq, start: T0 + seq * 1000 })
  for (let seq = 0; seq < 20; seq++) {
    const held = { queued: { integral: 3_000_000, max: 4, end: 3 } }
    for (const s of [
      busy(10, 1000, { replica: 'a', ...at(seq) }),
      busy(30, 3000, { replica: 'b', ...at(seq), direct: seq }),
      busy(40, 5000, { replica: 'e', kind: 'edge', ...at(seq), ...held }),
    ]) {
      store.take(fromOf(s), s, 0, T0 + 20_100)
    }
  }
  const windows = store.windows(ENDPOINT, T0 + 20_100, true)
  const twenty = windows?.windows['20']
  t.like(twenty?.replicas, { samples: 40, offered: 800, inFlight: { end: 4 }, queued: { end: 2 } })
  t.like(twenty?.edges, { samples: 20, queued: { integral: 60_000_000, max: 4, end: 3 } })
  t.deepEqual(twenty?.over, {
    inFlight: { sum: 4000, mean: 2000, max: 2000, p95: 2000 },
    queued: { sum: 2000, mean: 1000, max: 1000, p95: 1000 },
    serviceUs: { sum: 4000, mean: 2000, max: 3000, p95: 3000 },
    admittedMilli: { sum: 40_000, mean: 20_000, max: 30_000, p95: 30_000 },
  })
  t.like(windows?.replicas[1], {
    replica: 'b',
    ok: 600,
    serviceUs: 3000,
    cpuPermille: 500,
    ageMs: 100,
    direct: 19,
  })
  t.false('direct' in (windows?.replicas[0] ?? {}))
  t.deepEqual(
    windows?.offeredPerSecond,
    Array.from({ length: 20 }, () => 80),
  )
})

test('the newest second is the one for which most of the living have reported', t => {
  const store = new Store()
  store.setTargets([target('a'), target('b')], T0)
  const give = (replica: string, seq: number) => {
    const s = busy(1, 10, { replica, seq, start: T0 + seq * 1000 })
    store.take(fromOf(s), s, 0, T0 + seq * 1000 + 1100)
  }
  const at = (now: number) => (store.windows(ENDPOINT, now, true)?.at ?? 0) / 1000 - SECOND0
  for (const seq of [0, 1, 2]) for (const replica of ['a', 'b']) give(replica, seq)
  t.is(at(T0 + 3100), 3)
  give('a', 3)
  t.is(at(T0 + 4100), 3, 'b has not told of the fourth second yet')
  give('b', 3)
  t.is(at(T0 + 4200), 4)
  for (const seq of [4, 5, 6, 7, 8, 9]) give('a', seq)
  t.is(at(T0 + 10_100), 10, 'b is dead and not waited for')
})

test('causes are the 16 newest, the epoch the largest, and all is forgotten in time', t => {
  const store = new Store()
  store.setTargets([target('a')], T0)
  for (let seq = 0; seq < 30; seq++) {
    const limit = { ...sampleOf().limit, order: { epoch: 7, n: seq } }
    const s = sampleOf({ seq, start: T0 + seq * 1000, causes: [reference(seq)], limit })
    store.take(fromOf(s), s, 0, T0 + 31_000)
  }
  const windows = store.windows(ENDPOINT, T0 + 30_100, true)
  t.deepEqual(
    windows?.causes,
    Array.from({ length: 16 }, (_, i) => reference(29 - i)),
  )
  t.is(windows?.epoch, 7)
  store.setTargets([], T0 + 31_000)
  store.forget(T0 + 200_000)
  t.deepEqual(store.names(), [ENDPOINT])
  store.forget(T0 + 400_000)
  t.deepEqual(store.names(), [])
})

test('an endpoint that an edge no longer tells of is forgotten, a silent replica is not', t => {
  const store = new Store()
  store.setTargets([target('e', 'edge')], T0)
  const s = sampleOf({ kind: 'edge', replica: 'e' })
  store.take(fromOf(s), s, 0, T0 + 1000)
  store.forget(T0 + 300_000)
  t.deepEqual(store.names(), [ENDPOINT])
  store.forget(T0 + 400_000)
  t.deepEqual(store.names(), [])
  store.setTargets([target('a')], T0 + 400_000)
  store.forget(T0 + 4_000_000)
  t.is(store.windows(ENDPOINT, T0 + 4_000_000, true)?.windows['300']?.coverage, 0)
})

test('windows of one replica', t => {
  const store = new Store()
  store.setTargets([target('a'), target('b')], T0)
  for (const s of life(100, { replica: 'a' })) store.take(fromOf(s), s, 0, T0 + 100_100)
  const one = store.replicaWindows(ENDPOINT, 'a', T0 + 100_100)
  t.is(one?.windows['300']?.samples, 100)
  t.is(one?.windows['3']?.samples, 3)
  t.is(store.replicaWindows(ENDPOINT, 'nobody', T0), null)
})
