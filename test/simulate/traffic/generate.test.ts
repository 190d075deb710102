import test from 'ava'
import fc from 'fast-check'
import { rateOf } from '../../../simulate/traffic/rates.ts'
import type { TrafficFile } from '../../../simulate/traffic/spec.ts'
import { taken, within } from './taken.ts'

const shapes: Record<string, TrafficFile> = {
  constant: { constant: { rate: 40 } },
  levels: { levels: { points: { '0s': 12, '30s': 120, '45s': 0, '70s': 33 } } },
  lines: { lines: { points: { '0s': 0, '50s': 200, '100s': 10 } } },
  step: { step: { from: 10, to: 100, at: '40s' } },
  ramp: { ramp: { from: 10, to: 500, at: '20s', over: '60s' } },
  square: { square: { low: 5, high: 90, period: '13s', share: 0.3 } },
  flash: { flash: { base: 5, peak: 300, at: '33s', decay: '12s' } },
  diurnal: { diurnal: { low: 2, high: 90, period: '60s' } },
  repeated: { flash: { base: 0, peak: 100, at: '5s', decay: '2s' }, repeat: '21s' },
}
const RUN = 100

/** Requests expected in [from, to) s, by a much finer sum than the generator's own. */
function expected(traffic: TrafficFile, from: number, to: number): number {
  const rate = rateOf(traffic)
  const steps = 1000 * (to - from)
  let sum = 0
  for (let i = 0; i < steps; i++) sum += rate(from + ((i + 0.5) * (to - from)) / steps)
  return (sum * (to - from)) / steps
}

/** Where two long lists differ first, -1 for nowhere: a difference in full takes minutes to show. */
function firstDifference(a: readonly number[], b: readonly number[]): number {
  const longer = a.length < b.length ? b : a
  return longer.findIndex((_, i) => a[i] !== b[i])
}

for (const [name, traffic] of Object.entries(shapes)) {
  test(`${name}: as many as the rate says, within 4 sigma, in the whole and in each tenth`, t => {
    const spans = [[0, RUN], ...Array.from({ length: 10 }, (_, i) => [i * 10, i * 10 + 10])].map(
      ([from = 0, to = RUN]) => ({ from, to, mean: expected(traffic, from, to) }),
    )
    for (const seed of [1, 2, 3]) {
      const { at } = taken(traffic, RUN, { seed })
      for (const { from, to, mean } of spans) {
        const got = within(at, from, to)
        t.true(
          Math.abs(got - mean) <= 4 * Math.sqrt(mean) + 0.1,
          `${from} to ${to}, seed ${seed}: ${got}, not ${mean}`,
        )
      }
    }
  })

  test(`${name}: without noise, to within one`, t => {
    const { at } = taken({ ...traffic, noise: 'none' }, RUN)
    for (const to of [7, 31, 50, 77, RUN]) {
      const mean = expected(traffic, 0, to)
      t.true(Math.abs(within(at, 0, to) - mean) <= 1, `to ${to}: ${within(at, 0, to)}, not ${mean}`)
    }
  })
}

test('times never fall, are whole us and end before the end; the same seed gives the same', t => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(shapes)),
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom<'poisson' | 'none'>('poisson', 'none'),
      (shape, seed, seconds, noise) => {
        const traffic: TrafficFile = { ...shape, noise, classes: [0.5, 0.3, 0.2] }
        const { at, kinds } = taken(traffic, seconds, { seed })
        const again = taken(traffic, seconds, { seed })
        t.deepEqual([firstDifference(again.at, at), firstDifference(again.kinds, kinds)], [-1, -1])
        return at.every(
          (us, i) => Number.isInteger(us) && us >= (at[i - 1] ?? 0) && us < seconds * 1e6,
        )
      },
    ),
    { numRuns: 40 },
  )
})

test('another seed gives other times', t => {
  const traffic = { constant: { rate: 20 } }
  t.notDeepEqual(taken(traffic, 10, { seed: 1 }).at, taken(traffic, 10, { seed: 2 }).at)
})

test('gaps are exponential: as long as their deviation, and one in e^2 above twice the mean', t => {
  const { at } = taken({ constant: { rate: 100 } }, 1000)
  const gaps = at.slice(1).map((us, i) => us - (at[i] ?? 0))
  const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length
  const variance = gaps.reduce((a, b) => a + (b - mean) ** 2, 0) / gaps.length
  t.true(Math.abs(mean / 10_000 - 1) < 0.015, `mean ${mean}`)
  t.true(Math.abs(Math.sqrt(variance) / mean - 1) < 0.02, `deviation ${Math.sqrt(variance)}`)
  const long = gaps.filter(gap => gap > 20_000).length / gaps.length
  t.true(Math.abs(long - Math.exp(-2)) < 0.005, `share ${long}`)
})

test('counts of a second vary as those of a Poisson process, on a slope too', t => {
  const rate = 30
  const { at } = taken({ ramp: { from: 0, to: 2 * rate, at: '0s', over: '2000s' } }, 2000)
  const counts = Array.from({ length: 2000 }, () => 0)
  for (const us of at) counts[Math.floor(us / 1e6)] = (counts[Math.floor(us / 1e6)] ?? 0) + 1
  const spread = counts.map((count, i) => {
    const mean = ((i + 0.5) / 1000) * rate
    return (count - mean) ** 2 / mean
  })
  // Mean 1, deviation of one about 1.4 (and 1/mean more), so 4 sigma of 2,000 are 0.13.
  const dispersion = spread.slice(20).reduce((a, b) => a + b, 0) / 1980
  t.true(Math.abs(dispersion - 1) < 0.14, `dispersion ${dispersion}`)
})

test('classes come by their shares, and leave the times alone', t => {
  const plain = taken({ constant: { rate: 300 } }, 100)
  const { at, kinds } = taken({ constant: { rate: 300 }, classes: [0.2, 0, 0.8] }, 100)
  t.is(firstDifference(at, plain.at), -1)
  t.true(plain.kinds.every(kind => kind === 0))
  const first = kinds.filter(kind => kind === 0).length
  t.true(Math.abs(first - 0.2 * at.length) <= 4 * Math.sqrt(0.16 * at.length), `${first}`)
  t.false(kinds.includes(1))
  t.is(Math.max(...kinds), 2)
})

test('no traffic is no arrival', t => {
  t.deepEqual(taken({ constant: { rate: 0 } }, 100).at, [])
  t.deepEqual(taken({ levels: { points: { '50s': 5 } } }, 50).at, [])
})

test('traffic that begins later is the same, after more of how it begins', t => {
  const even = { ...shapes['step'], noise: 'none' } as TrafficFile
  const { at } = taken(even, RUN, { lateUs: 7_250_000 })
  t.true(Math.abs(within(at, 0, 47) - 470) <= 1)
  t.true(Math.abs(within(at, 49.25, 59.25) - 1000) <= 1)
  const trace = {
    atUs: [0, 1_500_000, 90e6],
    counts: null,
    contextTokens: null,
    generatedTokens: null,
  }
  const late = { trace, lateUs: 12e6 }
  t.deepEqual(taken({ trace: { file: 'x' } }, RUN, late).at, [12e6, 13_500_000])
})
