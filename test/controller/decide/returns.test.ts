import test from 'ava'
import fc from 'fast-check'
import { learn, learnedWindowMs } from '../../../controller/decide/bounds/returns.ts'
import { remember } from '../../../controller/decide/history.ts'
import type { Stamped } from '../../../controller/decide/replicas-state.ts'
import { NOW } from './sight.ts'

/** Plays needs (replicas), one each 5 s, through the memory of peaks, as horizontal() does. */
function played(needs: readonly number[], returns: number[] = []): number[] {
  let highs: Stamped[] = []
  let learned = returns
  needs.forEach((need, i) => {
    const now = NOW + i * 5000
    learned = learn(learned, highs, need * 1000, now)
    highs = remember(highs, need * 1000, now, 1_800_000, 1)
  })
  return learned
}

/** High for so long, low for so long, again and again. */
function square(highS: number, lowS: number, times: number): number[] {
  const part = (need: number, seconds: number): number[] =>
    Array(seconds / 5).fill(need) as number[]
  return Array.from({ length: times }, () => [...part(10, highS), ...part(2, lowS)]).flat()
}

test('without experience: about as long as starting again costs', t => {
  t.is(learnedWindowMs([], 20_000), 240_000)
  t.is(learnedWindowMs([], 2000), 85_000)
  t.is(learnedWindowMs([], 0), 60_000)
  t.is(learnedWindowMs([], 90_000), 480_000)
})

test('bursts that come back are waited for where that is cheaper than to start again', t => {
  const returns = played(square(60, 300, 8))
  t.is(learnedWindowMs(returns, 20_000), 340_000)
  t.is(learnedWindowMs(returns, 2000), 60_000)
})

test('what does not come back is let go sooner', t => {
  const returns = played([...square(60, 1860, 4)])
  t.true(learnedWindowMs(returns, 20_000) < learnedWindowMs([], 20_000))
})

test('noise from one decision to the next says nothing', t => {
  const flicker = Array.from({ length: 300 }, (_, i) => 4 + (i % 2))
  t.deepEqual(
    played(flicker).filter(n => n > 0),
    [],
  )
})

test('a part of the need that returns counts as a part', t => {
  const [whole] = played(square(60, 150, 2)).filter(n => n > 0)
  t.is(whole, 800)
})

test('however needs go, the weights stay bounded and the window among those there are', t => {
  const holds = fc.check(
    fc.property(
      fc.array(fc.record({ need: fc.nat(200), times: fc.integer({ min: 1, max: 60 }) }), {
        maxLength: 60,
      }),
      fc.nat(600_000),
      (parts, startUp) => {
        const needs = parts.flatMap(({ need, times }) => Array(times).fill(need) as number[])
        const returns = played(needs)
        const sum = returns.reduce((all, n) => all + n, 0)
        const window = learnedWindowMs(returns, startUp)
        return (
          sum <= 17_000 &&
          returns.every(n => Number.isInteger(n)) &&
          window >= 60_000 &&
          window <= 480_000
        )
      },
    ),
  )
  t.false(holds.failed, fc.defaultReportMessage(holds) ?? '')
})
