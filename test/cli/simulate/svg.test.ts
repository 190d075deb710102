import test from 'ava'
import fc from 'fast-check'
import { picture, roundTop, secondsPerPoint, ticksOf } from '../../../cli/simulate/svg.ts'
import { elementsOf } from './support/xml.ts'

const paths = (values: number[], more: object = {}): string[] =>
  elementsOf(
    picture([{ values, color: 'blue', ...more }], { top: 10, ticks: [0, 2], says: 'x' }).html,
  )
    .filter(({ tag }) => tag === 'path')
    .map(({ attributes }) => attributes.d ?? '')

test('lines go from second to second, levels keep theirs, areas end at the bottom', t => {
  const grid = 'M0 0H4M0 50H4M0 100H4M0 0V100M2 0V100'
  t.deepEqual(paths([0, 5, 5, 10]), [grid, 'M0 100L1 50L2 50L3 0H4'])
  t.deepEqual(paths([0, 5, 5, 10], { stepped: true }), [grid, 'M0 100H1V50H3V0H4'])
  t.deepEqual(paths([1, 1, 1, 1], { fill: true }), [grid, 'M0 90H4V100H0Z', 'M0 90H4'])
})

test('seconds that share a point: their mean, or the largest', t => {
  const values = Array.from({ length: 1800 }, (_, second) => (second % 2 === 0 ? 0 : 10))
  t.is(secondsPerPoint(900), 1)
  t.is(secondsPerPoint(1800), 2)
  t.is(paths(values)[1], 'M0 0H1800')
  t.is(paths(values, { mean: true })[1], 'M0 50H1800')
})

test('property: the top is a round number above all values, a curve stays within its picture', t => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 50 }), values => {
      const largest = Math.max(...values)
      const top = roundTop(largest)
      const { html } = picture([{ values, color: 'red' }], { top, ticks: [], says: 'x' })
      const heights = [...html.matchAll(/[ML]\d+ ([\d.-]+)/g)].map(([, y]) => Number(y))
      return (
        /^[125]0*$/.test(String(top)) &&
        top >= largest &&
        (largest <= 1 || top < largest * 2.51) &&
        heights.every(y => y >= 0 && y <= 100)
      )
    }),
  )
  t.is(roundTop(0), 1)
})

test('property: times on the axis are within the run, in order, and few', t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 604_800 }),
      fc.integer({ min: 4, max: 40 }),
      (length, most) => {
        const ticks = ticksOf(length, most)
        return (
          ticks[0] === 0 &&
          ticks.length <= most + 1 &&
          (length < 4 || ticks.length > 1) &&
          ticks.every((at, i) => at <= length && (i === 0 || at > (ticks[i - 1] ?? 0)))
        )
      },
    ),
  )
  t.deepEqual(ticksOf(1500, 10), [0, 300, 600, 900, 1200, 1500])
  t.deepEqual(ticksOf(60, 10).slice(0, 3), [0, 10, 20])
})
