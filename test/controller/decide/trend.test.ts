import test from 'ava'
import { byTrend, fitted } from '../../../controller/decide/rules/trend.ts'
import { sight } from './sight.ts'

const series = (rate: (second: number) => number): number[] =>
  Array.from({ length: 120 }, (_, second) => Math.round(rate(second)))

test('a line is found exactly', t => {
  const fit = fitted([0, 5, 10, 15, 20, 25, 30, 35])
  t.is(fit?.slope, 1)
  t.is(fit?.end, 35)
  t.is(fit?.line, 0)
})

test('too short a series says nothing', t => {
  t.is(fitted([1, 2, 3]), null)
})

test('a ramp is projected one start-up time ahead', t => {
  const ramp = { inputs: { offeredPerSecond: series(second => 10 + second / 2) } }
  const near = byTrend(sight(ramp))
  const far = byTrend(sight({ ...ramp, state: { startUps: [60_000] } }))
  // About 68/s at the end and 0.5/s more each second: 78/s in 20 s, 98/s in 60 s, 0.2 s each.
  t.true(Math.abs((near?.numbers['demandMilli'] ?? 0) - 15_600) < 300)
  t.true(Math.abs((far?.numbers['demandMilli'] ?? 0) - 19_600) < 300)
})

test('what grows in an overload does not last: it may be retries', t => {
  const ramp = { inputs: { offeredPerSecond: series(second => 10 + second / 2) } }
  const calm = byTrend(sight(ramp))
  const overload = byTrend(
    sight({ ...ramp, state: { overload: { since: 0, offeredMilli: 60_000 } } }),
  )
  t.is(overload?.needMilli, calm?.needMilli)
  t.is(calm?.lastingMilli, calm?.needMilli)
  t.true((overload?.lastingMilli ?? Infinity) < (calm?.lastingMilli ?? 0))
})

for (const [what, rate] of [
  ['a steady rate', () => 20],
  ['a fall', second => 100 - second / 2],
  ['a single jump', second => (second < 90 ? 10 : 60)],
  ['noise', second => 20 + ((second * 7919) % 11) - 5],
  ['no arrivals', () => 0],
] as [string, (second: number) => number][]) {
  test(`no trend in ${what}`, t => {
    t.is(byTrend(sight({ inputs: { offeredPerSecond: series(rate) } })), null)
  })
}
