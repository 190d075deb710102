import test from 'ava'
import type { Inputs } from '../../../core/model/decision.ts'
import { climb } from '../../../controller/decide/bounds/bounds.ts'
import { observe } from '../../../controller/decide/observe.ts'
import type { ReplicasState } from '../../../controller/decide/replicas-state.ts'
import { row, replicas, sight, windows, NOW } from './sight.ts'

type Changed = Parameters<typeof sight>[0]

/** Where a need goes, and which bounds said why. */
function after(milli: number, changed: Changed = {}): [number, ...string[]] {
  const { to, reasons } = climb(milli, sight(changed))
  return [to, ...reasons.map(reason => reason.code)]
}

const of = (ready: number, more: Partial<Inputs['replicas']> = {}): Partial<Inputs> => ({
  replicas: replicas(ready, more),
})

test('every bound is recorded, whether it changed anything or not', t => {
  const { steps } = climb(4000, sight())
  t.deepEqual(
    steps.map(step => step.bound),
    [
      'no-data',
      'replacement',
      'on-their-way',
      'missing-data',
      'errors',
      'limit-unproven',
      'not-scaled-yet',
      'window',
      'no-gain',
      'limit-climbing',
      'tolerance',
      'scale-up-policy',
      'scale-down-policy',
      'min-replicas',
      'max-replicas',
      'override',
      'frozen',
    ],
  )
  t.true(steps.every(step => step.from === 4 && step.to === 4))
})

test('no bound in the way: up and down at once', t => {
  t.deepEqual(after(7500), [8])
  t.deepEqual(after(1500), [2])
})

test('no data: all stays, but a held request gets its first replica', t => {
  t.deepEqual(after(9000, { inputs: { windows: null, windowAgeMs: null } }), [4, 'no-data'])
  t.deepEqual(after(0, { inputs: { windowAgeMs: 10_001 } }), [4, 'no-data'])
  const asked = { ...of(0), windows: null, windowAgeMs: null, activate: true }
  t.deepEqual(after(1000, { inputs: asked }), [1, 'no-data'])
})

test('replicas that serve nothing are made up for, bounded in share and time', t => {
  const broken = of(10, { ready: 6, notReady: 3, failed: 1 })
  const seen = (most: number, least: number, agoMs = 1000): Partial<ReplicasState> => ({
    broken: { most: [[NOW - agoMs, most]], least: [[NOW - agoMs, least]] },
  })
  t.deepEqual(after(10_000, { inputs: broken, state: seen(4, 0) }), [13, 'replacement'])
  t.deepEqual(after(10_000, { inputs: broken, state: seen(4, 4) }), [10], 'they do not come back')
  t.deepEqual(after(10_000, { inputs: broken, state: seen(4, 2) }), [12, 'replacement'])
  t.deepEqual(
    after(10_000, { inputs: of(10), state: seen(2, 0) }),
    [12, 'replacement'],
    'it may again',
  )
  t.deepEqual(after(10_000, { inputs: of(10), state: seen(2, 0, 300_001) }), [10])
  t.deepEqual(after(0, { inputs: of(1), state: seen(1, 0) }), [1, 'min-replicas'])
  const failing = { ...of(10), outliers: [row('a', { ok: 1, server: 40 })] }
  t.deepEqual(after(10_000, { inputs: failing, state: seen(1, 0) }), [11, 'replacement'])
})

test('whoever crashes in turn is made up for as long as it goes on, and five minutes more', t => {
  let broken: ReplicasState['broken'] = null
  const spare: number[] = []
  // Of ten, two or three are down at any time; after 10 min none, and after 20 min one for good.
  for (let second = 0; second < 2000; second += 20) {
    const down = second < 600 ? 2 + ((second / 20) % 2) : second < 1200 ? 0 : 1
    const inputs = of(10 - down, { desired: 10, notReady: down })
    const seen = sight({ inputs, state: { broken }, now: NOW + second * 1000 })
    const state = observe(seen)
    broken = state.broken ?? null
    spare.push(climb(10_000, { ...seen, state }).to - 10)
  }
  const at = (second: number): number | undefined => spare[second / 20]
  t.deepEqual(
    [0, 20, 280, 400, 580].map(at),
    [2, 3, 3, 1, 1],
    'as far as counts tell, two never come back',
  )
  t.deepEqual([620, 880, 940, 1180].map(at), [3, 3, 0, 0])
  t.deepEqual([1200, 1480, 1540].map(at), [1, 1, 0])
})

test('what is on its way counts and is not removed before it came', t => {
  const coming = of(2, { desired: 6, starting: 4, oldestStartingMs: 30_000 })
  t.deepEqual(after(6000, { inputs: coming }), [6, 'on-their-way'])
  t.deepEqual(after(1000, { inputs: coming }), [6, 'not-scaled-yet'])
  const stuck = of(2, { desired: 6, starting: 4, oldestStartingMs: 60_001 })
  t.deepEqual(after(1000, { inputs: stuck }), [1])
})

test('missing data blocks down, never up', t => {
  const blind = { windows: windows({ coverage: 499, expected: 4, reporting: 2 }) }
  t.deepEqual(after(1000, { inputs: blind }), [4, 'missing-data'])
  t.deepEqual(after(9000, { inputs: blind }), [9])
  const one = { windows: windows({ coverage: 750, expected: 4, reporting: 3 }) }
  t.deepEqual(after(1000, { inputs: one }), [2, 'missing-data'])
})

test('an error burst blocks down, never up', t => {
  const failing = { windows: windows({ ok: 180, server: 20 }) }
  t.deepEqual(after(1000, { inputs: failing }), [4, 'errors'])
  t.deepEqual(after(9000, { inputs: failing }), [9])
  t.deepEqual(after(1000, { inputs: { windows: windows({ ok: 195, server: 5 }) } }), [1])
})

test('the window remembers what lasts, and what a bound held, but not that nothing went for a passing cause', t => {
  t.is(climb(9000, sight(), 5000).rememberMilli, 5000)
  const failing = { windows: windows({ ok: 180, server: 20 }) }
  t.is(climb(1000, sight({ inputs: failing }), 500).rememberMilli, 4000)
  const coming = of(2, { desired: 6, starting: 4, oldestStartingMs: 30_000 })
  t.is(climb(1000, sight({ inputs: coming }), 500).rememberMilli, 500)
  const unproven = sight({ state: { raisedAt: NOW - 1000 } })
  t.is(climb(1000, unproven, 500).rememberMilli, 500)
  t.is(climb(1000, unproven, 500).to, 4)
})

test('a limit that has just risen has to prove itself', t => {
  t.deepEqual(after(1000, { state: { raisedAt: NOW - 59_000 } }), [4, 'limit-unproven'])
  t.deepEqual(after(1000, { state: { raisedAt: NOW - 60_000 } }), [1])
})

test('down only as far as the highest need of the window', t => {
  const highs: [number, number][] = [
    [NOW - 299_000, 2500],
    [NOW, 1000],
  ]
  const settings = { 'scale-down-window': 300_000 }
  t.deepEqual(after(1000, { state: { highs }, settings }), [3, 'scale-down-window'])
  t.deepEqual(after(1000, { state: { highs: [[NOW - 300_000, 2500]] }, settings }), [1])
  t.deepEqual(after(1000, { state: { highs: [] }, settings }), [4, 'scale-down-window'])
  t.deepEqual(after(1000, { state: { highs: [] }, settings: { 'scale-down-window': 0 } }), [1])
})

test('of a learned window, needs go bit by bit: half is kept for seven tenths of it', t => {
  const high = (ago: number): Changed => ({
    state: { highs: [[NOW - ago, 2500]], startUps: [20_000] },
  })
  t.deepEqual(after(1000, high(0)), [3, 'scale-down-window'])
  t.deepEqual(after(1000, high(180_000)), [3, 'scale-down-window'])
  t.deepEqual(after(1000, high(181_000)), [2, 'scale-down-window'])
  t.deepEqual(after(1000, high(311_000)), [2, 'scale-down-window'])
  t.deepEqual(after(1000, high(312_000)), [1])
  t.deepEqual(after(3300, high(0)), [4], 'never below what is wanted now')
})

test('of earlier needs, the one of which most is kept counts', t => {
  const highs: [number, number][] = [
    [NOW - 302_000, 12_000],
    [NOW - 100_000, 3000],
  ]
  const startUps = [20_000]
  t.deepEqual(after(1000, { state: { highs, startUps } }), [4, 'scale-down-window'])
  t.deepEqual(after(1000, { state: { highs: highs.slice(1), startUps } }), [3, 'scale-down-window'])
  t.deepEqual(after(1000, { state: { highs: [[NOW - 200_000, 3000]], startUps } }), [
    2,
    'scale-down-window',
  ])
})

test('tolerance, by the need before it is rounded', t => {
  t.deepEqual(after(3601), [4])
  t.deepEqual(after(3000, { settings: { tolerance: 260 } }), [4, 'tolerance'])
  t.deepEqual(after(3000), [3])
  t.deepEqual(after(4010), [5], 'on the way up only where it is asked for')
  const settings = { behavior: { scaleUp: { tolerance: 0.1 } } }
  t.deepEqual(after(4390, { settings }), [4, 'tolerance'])
  t.deepEqual(after(4400, { settings }), [5])
})

test('while the first limit is being found replicas at most double', t => {
  t.deepEqual(after(60_000, { limit: { climbing: true } }), [8, 'limit-climbing'])
  t.deepEqual(after(60_000, { inputs: of(0), limit: { climbing: true } }), [1, 'limit-climbing'])
})

test('min and max', t => {
  t.deepEqual(after(9000, { settings: { 'max-replicas': 6 } }), [6, 'max-replicas'])
  t.deepEqual(after(1000, { settings: { 'min-replicas': 3 } }), [3, 'min-replicas'])
  t.deepEqual(after(0), [1, 'min-replicas'])
})

test('to zero when the whole window saw nothing, and only then', t => {
  const settings = { 'scale-to-zero': true }
  t.deepEqual(after(0, { settings }), [0, 'scale-to-zero'])
  t.deepEqual(after(10, { settings }), [1])
  t.deepEqual(after(0, { settings, inputs: of(0) }), [0])
  t.deepEqual(after(0, { settings, state: { highs: [[NOW, 500]] } }), [1, 'scale-down-window'])
  t.deepEqual(after(0, { settings: { ...settings, 'min-replicas': 2 } }), [2, 'min-replicas'])
  const seen = sight({ settings, state: { highs: [[NOW - 260_000, 500]], startUps: [20_000] } })
  const { to, reasons } = climb(0, seen)
  t.is(to, 0, 'a learned window keeps the last one until less than half of it would be')
  t.deepEqual(reasons, [{ code: 'scale-to-zero', numbers: { min: 0, idleMs: 254_559 } }])
})

test('a person pins the count, until the end of it', t => {
  const pin = { what: 'replicas', value: '7', who: 'a', until: NOW + 1 }
  t.deepEqual(after(2000, { inputs: { overrides: [pin] } }), [7, 'override'])
  t.deepEqual(after(2000, { inputs: { overrides: [{ ...pin, until: NOW }] } }), [2])
  t.deepEqual(after(2000, { inputs: { overrides: [{ ...pin, value: '"many"' }] } }), [2])
  const settings = { 'max-replicas': 5 }
  t.deepEqual(after(9000, { inputs: { overrides: [pin] }, settings }), [
    7,
    'max-replicas',
    'override',
  ])
})

test('frozen: whatever was wanted, all stays', t => {
  t.deepEqual(after(9000, { settings: { freeze: 'replicas' } }), [4, 'frozen'])
  t.deepEqual(after(9000, { settings: { freeze: 'all' } }), [4, 'frozen'])
  t.deepEqual(after(9000, { settings: { freeze: 'limit' } }), [9])
})
