import test from 'ava'
import fc from 'fast-check'
import { raisedCosine, rateAt } from '../../../simulate/traffic/rates.ts'
import type { TrafficFile } from '../../../simulate/traffic/spec.ts'

const cases: [string, TrafficFile, [second: number, rate: number][]][] = [
  [
    'constant',
    { constant: { rate: 7 } },
    [
      [0, 7],
      [1e6, 7],
    ],
  ],
  [
    'levels, given in any order',
    { levels: { points: { '5m': 120, '10s': 12 } } },
    [
      [0, 0],
      [9.99, 0],
      [10, 12],
      [299.9, 12],
      [300, 120],
      [9999, 120],
    ],
  ],
  [
    'levels that begin anew',
    { levels: { points: { '0s': 1, '10s': 2 } }, repeat: '20s' },
    [
      [5, 1],
      [15, 2],
      [20, 1],
      [35, 2],
      [45, 1],
    ],
  ],
  [
    'lines',
    { lines: { points: { '10s': 10, '20s': 30, '30s': 0 } } },
    [
      [9, 0],
      [10, 10],
      [15, 20],
      [20, 30],
      [25, 15],
      [30, 0],
      [99, 0],
    ],
  ],
  [
    'a step takes 2 s',
    { step: { from: 4, to: 40, at: '300s' } },
    [
      [299, 4],
      [300, 4],
      [301, 22],
      [302, 40],
      [1000, 40],
    ],
  ],
  [
    'a step at once',
    { step: { from: 4, to: 40, at: '3s', over: '0s' } },
    [
      [2.999, 4],
      [3, 40],
    ],
  ],
  [
    'a ramp',
    { ramp: { from: 10, to: 10_000, at: '60s', over: '60s' } },
    [
      [0, 10],
      [60, 10],
      [90, 5005],
      [120, 10_000],
      [500, 10_000],
    ],
  ],
  [
    'square waves begin low',
    { square: { low: 1, high: 9, period: '100s', share: 0.25 } },
    [
      [0, 1],
      [74, 1],
      [75, 9],
      [99, 9],
      [100, 1],
      [180, 9],
    ],
  ],
  [
    'square waves are even if nothing is said',
    { square: { low: 1, high: 9, period: '10s' } },
    [
      [4.9, 1],
      [5, 9],
    ],
  ],
  [
    'a flash crowd jumps and decays',
    { flash: { base: 10, peak: 110, at: '60s', decay: '30s' } },
    [
      [59.9, 10],
      [60, 110],
      [90, 10 + 100 / Math.E],
      [150, 10 + 100 * Math.exp(-3)],
      [9999, 10],
    ],
  ],
  [
    'a day begins at its lowest',
    { diurnal: { low: 10, high: 50, period: '24h' } },
    [
      [0, 10],
      [21_600, 30],
      [43_200, 50],
      [64_800, 30],
      [86_400, 10],
      [14_400, 20],
      [28_800, 40],
    ],
  ],
]

for (const [name, traffic, points] of cases) {
  test(name, t => {
    for (const [second, rate] of points) {
      const got = rateAt(traffic, second)
      t.true(Math.abs(got - rate) <= 1e-9 * Math.max(1, rate), `at ${second}: ${got}, not ${rate}`)
    }
  })
}

test('the raised cosine is that of the engine to 1e-15', t => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), x => {
      return Math.abs(raisedCosine(x) - (1 - Math.cos(2 * Math.PI * x)) / 2) <= 1e-15
    }),
    { numRuns: 2000 },
  )
  t.is(raisedCosine(0), 0)
  t.is(raisedCosine(0.5), 1)
})

test('a trace has no rate', t => {
  t.throws(() => rateAt({ trace: { file: 'a.csv' } }, 0), { message: /no rate/ })
})
