import test from 'ava'
import fc from 'fast-check'
import { keptOf, learn, learnedRelease } from '../../../controller/decide/bounds/returns.ts'
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

const learnedWindowMs = (returns: number[], startUpMs: number): number =>
  learnedRelease(returns, startUpMs).windowMs

test('without experience: about as long as starting again costs, half as much more for going bit by bit', t => {
  t.is(learnedWindowMs([], 20_000), 360_000)
  t.is(learnedWindowMs([], 2000), 127_500)
  t.is(learnedWindowMs([], 0), 90_000)
  t.is(learnedWindowMs([], 90_000), 480_000, 'never longer')
})

test('bursts that come back are waited for where that is cheaper than to start again', t => {
  const returns = played(square(60, 300, 8))
  const { windowMs, power } = learnedRelease(returns, 20_000)
  t.true(keptOf(300_000, { windowMs, power }) > 0.9)
  t.true(learnedWindowMs(returns, 2000) < 70_000)
})

test('most is kept at first, nothing at the end; with each surge known it goes later, and more at once', t => {
  const at = [0, 25_000, 50_000, 75_000, 100_000]
  const kept = (power: number): number[] => at.map(ms => keptOf(ms, { windowMs: 100_000, power }))
  t.deepEqual(kept(2), [1, 0.9375, 0.75, 0.4375, 0])
  t.true(kept(8).every((share, i) => share >= (kept(2)[i] ?? 1)))
  t.is(learnedRelease([], 20_000).power, 2)
  t.is(learnedRelease([0, 0, 3500, 0, 600, 0, 0, 0, 0], 20_000).power, 10)
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

test('however needs go, the weights stay bounded and the window within its bounds', t => {
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
