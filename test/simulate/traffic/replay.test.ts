import test from 'ava'
import fc from 'fast-check'
import { arrivalsOf } from '../../../simulate/traffic/generate.ts'
import { Random } from '../../../simulate/random.ts'
import type { Trace } from '../../../simulate/traffic/trace.ts'
import { taken, within } from './taken.ts'

const requests = (...atUs: number[]): Trace => ({
  atUs,
  counts: null,
  contextTokens: null,
  generatedTokens: null,
})
const counted = (...counts: number[]): Trace => ({
  ...requests(...counts.map((_, second) => second * 1e6)),
  counts,
})
const three = requests(0, 1_500_000, 1_500_001, 4_200_000)

test('as recorded, whatever the noise', t => {
  for (const noise of ['poisson', 'none'] as const) {
    const { at } = taken({ trace: { file: 'x' }, noise }, 100, { trace: three })
    t.deepEqual(at, [...three.atUs])
  }
})

test('faster and slower', t => {
  const { at } = taken({ trace: { file: 'x', speed: 10 } }, 100, { trace: three })
  t.deepEqual(at, [0, 150_000, 150_000, 420_000])
  const slow = taken({ trace: { file: 'x', speed: 0.5 } }, 100, { trace: three })
  t.deepEqual(slow.at, [0, 3_000_000, 3_000_002, 8_400_000])
})

test('it ends with the run, or begins anew', t => {
  t.deepEqual(taken({ trace: { file: 'x' } }, 4, { trace: three }).at, [0, 1_500_000, 1_500_001])
  const again = taken({ trace: { file: 'x' }, repeat: '10s' }, 25, { trace: three }).at
  t.deepEqual(
    again,
    [0, 10e6, 20e6].flatMap(base => three.atUs.map(us => base + us)),
  )
  const cut = taken({ trace: { file: 'x' }, repeat: '1500ms' }, 4, { trace: three }).at
  t.deepEqual(cut, [0, 1_500_000, 3_000_000])
})

test('a trace that never comes to anything ends too', t => {
  t.deepEqual(taken({ trace: { file: 'x' }, repeat: '1s' }, 50, { trace: counted(0, 0) }).at, [])
  const rare = taken({ trace: { file: 'x', scale: 0.0001 }, repeat: '5s' }, 50, { trace: three }).at
  t.true(rare.length <= 1)
})

test('counts: as many in each second, at different places, or evenly', t => {
  const trace = counted(5, 0, 200, 1)
  const { at } = taken({ trace: { file: 'x' } }, 100, { trace })
  t.deepEqual(
    [0, 1, 2, 3].map(second => within(at, second, second + 1)),
    [5, 0, 200, 1],
  )
  const even = taken({ trace: { file: 'x' }, noise: 'none' }, 100, { trace }).at
  t.deepEqual(even.slice(0, 5), [100_000, 300_000, 500_000, 700_000, 900_000])
  t.is(even.at(-1), 3_500_000)
})

test('requests of a count fall evenly into the tenths of a second', t => {
  const { at } = taken({ trace: { file: 'x' } }, 100, {
    trace: counted(...Array<number>(100).fill(100)),
  })
  const tenths = Array.from({ length: 10 }, (_, i) => {
    return at.filter(us => Math.floor((us % 1e6) / 1e5) === i).length
  })
  for (const count of tenths) t.true(Math.abs(count - 1000) <= 4 * Math.sqrt(900), tenths.join(' '))
})

test('2.5 for each: two or three, the first at its time, the rest within its second', t => {
  const trace = requests(...Array.from({ length: 400 }, (_, i) => i * 1e6 + 250_000))
  const { at } = taken({ trace: { file: 'x', scale: 2.5 } }, 1000, { trace })
  t.is(at.length, 1000)
  for (let second = 0; second < 400; second++) {
    const here = at.filter(us => Math.floor(us / 1e6) === second)
    t.true(here.length === 2 || here.length === 3)
    t.true(here.includes(second * 1e6 + 250_000))
  }
})

test('which of them gets the odd copy is by seed', t => {
  const trace = requests(0, 1e6, 2e6, 3e6)
  const dealt = (seed: number): string => {
    const { at } = taken({ trace: { file: 'x', scale: 2.25 } }, 10, { seed, trace })
    return [0, 1, 2, 3].map(second => within(at, second, second + 1)).join(' ')
  }
  const all = new Set(Array.from({ length: 50 }, (_, seed) => dealt(seed)))
  t.deepEqual([...all].toSorted(), ['2 2 2 3', '2 2 3 2', '2 3 2 2', '3 2 2 2'])
})

const anyTrace = fc.oneof(
  fc
    .array(fc.integer({ min: 0, max: 20_000_000 }), { minLength: 1, maxLength: 60 })
    .map(all => requests(...all.map(us => us - Math.min(...all)).toSorted((a, b) => a - b))),
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 }).map(c => counted(...c)),
)

test('scaling keeps the total to within one, in every part; times never fall', t => {
  fc.assert(
    fc.property(
      anyTrace,
      fc.double({ min: 0.01, max: 7, noNaN: true }),
      fc.integer({ min: 0, max: 1000 }),
      fc.constantFrom<'poisson' | 'none'>('poisson', 'none'),
      (trace, scale, seed, noise) => {
        const { at } = taken({ trace: { file: 'x', scale }, noise }, 60, { seed, trace })
        const recorded = taken({ trace: { file: 'x' } }, 60, { trace }).at
        for (const to of [1, 5, 12, 60]) {
          const mean = within(recorded, 0, to) * scale
          t.true(Math.abs(within(at, 0, to) - mean) < 1 + 1e-9, `${within(at, 0, to)}, not ${mean}`)
        }
        return at.every((us, i) => Number.isInteger(us) && us >= (at[i - 1] ?? 0))
      },
    ),
    { numRuns: 200 },
  )
})

test('the same seed gives the same, another one does not', t => {
  const traffic = { trace: { file: 'x', scale: 3 }, classes: [0.5, 0.5] }
  const of = (seed: number): unknown => taken(traffic, 60, { seed, trace: three })
  t.deepEqual(of(1), of(1))
  t.notDeepEqual(of(1), of(2))
})

test('a trace that nobody read is an error', t => {
  const options = { random: new Random(1), untilUs: 1 }
  t.throws(() => arrivalsOf({ trace: { file: 'a.csv' } }, options), {
    message: /a\.csv was not read/,
  })
})
