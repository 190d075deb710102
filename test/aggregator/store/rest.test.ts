import test from 'ava'
import fc from 'fast-check'
import { Store } from '../../../aggregator/store/store.ts'
import { REST_SECONDS, restingSecond } from '../../../core/model/rest.ts'
import { sample as schema, type Sample } from '../../../core/model/sample.ts'
import { check } from '../../../core/model/schema.ts'
import { busy, ENDPOINT, sampleOf, T0, target } from '../samples.ts'

const from = { kind: 'replica' as const, endpoint: ENDPOINT, replica: 'a' }
const other = { ...target, replica: 'b' }
const order = { epoch: 1, n: 2 }

function storeOf(onNew: (sample: Sample) => void = () => {}): Store {
  const store = new Store(onNew)
  store.setTargets([target, other], T0 - 1000)
  return store
}

/** Its quiet second: memory and CPU of a model that does next to nothing, under an order. */
const quiet = (seq: number, start: number, changes: Partial<Sample> = {}): Sample =>
  restingSecond(
    sampleOf({
      cpu: { us: 2000 + (seq % 7), quota: 1000 },
      memory: { bytes: 1000, limit: 2000 },
      limit: { ...sampleOf().limit, order },
      ...changes,
      seq: seq - 1,
      start: start - 1000,
    }),
    1,
  )

/** Stretches of rest, each woken after so many seconds, or never, and seconds with requests between them. */
const lives = fc
  .array(fc.record({ rest: fc.nat(14), used: fc.nat(3) }), { minLength: 1, maxLength: 4 })
  .map(stretches => {
    const every: Sample[] = []
    const sent: Sample[] = []
    const start = (): number => T0 + every.length * 1000
    for (const { rest, used } of stretches) {
      for (let left = rest; left > 0;) {
        const plain = quiet(every.length, start())
        const speaks = { ...plain, rest: REST_SECONDS }
        const over = Math.min(REST_SECONDS, --left)
        left -= over
        sent.push(speaks)
        every.push(plain)
        for (let n = 1; n <= over; n++) every.push(restingSecond(speaks, n))
      }
      for (let n = 0; n < used; n++) {
        const limit = { ...sampleOf().limit, order }
        const one = busy(n + 1, 5000, { seq: every.length, start: start(), limit })
        every.push(one)
        sent.push(one)
      }
    }
    return { every, sent }
  })
  .filter(({ every }) => every.length > 0)

const endOf = ({ start, us }: Sample): number => start + us / 1000

/** What is told at each of some times, of what has come by then. */
function toldAt(samples: readonly Sample[], times: readonly number[], lagMs: number) {
  const store = storeOf()
  const left = [...samples]
  return times.map(now => {
    for (; left[0] !== undefined && endOf(left[0]) + lagMs <= now;) {
      store.take(from, left.shift() as Sample, 0, now)
    }
    return store.windows(ENDPOINT, now, true)
  })
}

test('windows are the same as if each second at rest had sent its sample, at any time', t => {
  fc.assert(
    fc.property(lives, fc.integer({ min: 60, max: 999 }), ({ every, sent }, phase) => {
      const times = every.map(one => endOf(one) + phase)
      const [rested, all] = [toldAt(sent, times, 20), toldAt(every, times, 20)]
      t.deepEqual(rested, all)
    }),
    { numRuns: 30 },
  )
})

test('a sample that comes after its second was taken for granted stands in its place', t => {
  fc.assert(
    fc.property(lives, fc.integer({ min: 60, max: 5000 }), ({ every, sent }, lateMs) => {
      const last = every.at(-1) as Sample
      const times = [...every.map(one => endOf(one) + 60), endOf(last) + lateMs + 100]
      const looked = toldAt(sent, times, lateMs).at(-1)
      t.deepEqual(looked, toldAt(sent, times.slice(-1), lateMs).at(-1))
    }),
    { numRuns: 30 },
  )
})

test('what is counted beside the windows has each second once, and no CPU twice', t => {
  const seen: Sample[] = []
  const store = storeOf(sample => void seen.push(sample))
  const speaks = { ...quiet(0, T0, { cpu: { us: 3000, quota: 1000 } }), rest: REST_SECONDS }
  store.take(from, speaks, 0, T0 + 1010)
  store.windows(ENDPOINT, T0 + 3100, true)
  t.deepEqual(
    seen.map(({ seq, cpu }) => [seq, cpu?.us]),
    [
      [0, 3000],
      [1, 3000],
      [2, 3000],
    ],
  )
  // Woken in its third second, and heard of late.
  const woken = busy(4, 1000, { seq: 2, start: T0 + 2000, cpu: { us: 50_000, quota: 1000 } })
  t.is(store.take(from, woken, 0, T0 + 3200), 'new')
  t.is(store.take(from, woken, 0, T0 + 3200), 'duplicate')
  t.like(seen.at(-1), { seq: 2, offered: 4, cpu: { us: 47_000 } })
  t.deepEqual(store.taken, { new: 2, duplicate: 1, late: 0, nonsense: 0 })
  const windows = store.windows(ENDPOINT, T0 + 3200, true)?.windows
  t.like(windows?.['20']?.replicas, { samples: 3, us: 3_000_000, offered: 4, cpu: { us: 56_000 } })
  t.like(windows?.['1']?.replicas, { samples: 1, offered: 4, cpu: { us: 50_000 } })
  t.is(store.replicaWindows(ENDPOINT, 'a', T0 + 9200)?.windows['20']?.samples, 3, 'no rest more')
})

test('a replica that says no more is silent from the end of what it said, or at once when its connection ends', t => {
  const ageAt = (store: Store, now: number) =>
    store.windows(ENDPOINT, now, true)?.replicas.find(({ replica }) => replica === 'a')?.ageMs
  const speaks = { ...quiet(0, T0), rest: REST_SECONDS }
  const kept = storeOf()
  kept.take(from, speaks, 0, T0 + 1010)
  t.is(ageAt(kept, T0 + 10_100), 100)
  t.is(ageAt(kept, T0 + 16_000), 6000)
  const cut = storeOf()
  cut.take(from, speaks, 0, T0 + 1010)
  t.is(ageAt(cut, T0 + 4100), 100)
  cut.lost(from)
  t.is(ageAt(cut, T0 + 10_100), 6100)
})

test('what can not stay as it is, lies in the future, or is of another life speaks for nothing', t => {
  const samples = (...given: Sample[]): number | undefined => {
    const store = storeOf()
    for (const one of given) store.take(from, one, 0, T0 + 1010)
    return store.windows(ENDPOINT, T0 + 5100, true)?.windows['20']?.replicas.samples
  }
  const speaks = { ...quiet(0, T0), rest: REST_SECONDS }
  t.is(samples(speaks), 5)
  t.is(samples({ ...speaks, limit: { ...speaks.limit, arm: 'a' } }), 1)
  t.is(samples({ ...speaks, limit: { ...speaks.limit, guard: true } }), 1)
  t.is(samples(speaks, sampleOf({ boot: 'boot2', start: T0 + 100 })), 2)
  // Numbers that leave out more seconds than there were time for.
  t.is(samples({ ...speaks, rest: 100 }, sampleOf({ seq: 90, start: T0 + 500 })), 4)
})

test('a restart of numbers in a new life rests as well, and the schema knows rest', t => {
  const store = storeOf()
  store.take(from, sampleOf({ boot: 'boot0', seq: 500, start: T0 - 2000 }), 0, T0)
  const speaks = { ...quiet(0, T0), rest: REST_SECONDS }
  store.take(from, speaks, 0, T0 + 1010)
  t.is(store.windows(ENDPOINT, T0 + 5100, true)?.windows['3']?.replicas.samples, 3)
  t.true(check(schema, speaks).ok)
  t.false(check(schema, { ...speaks, rest: 0 }).ok)
  t.false(check(schema, { ...speaks, rest: 100_000 }).ok)
})
