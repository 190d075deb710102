import test from 'ava'
import { noGain, observeGain } from '../../../controller/decide/bounds/gain.ts'
import { observe } from '../../../controller/decide/observe.ts'
import type { Gain } from '../../../controller/decide/replicas-state.ts'
import { replicas, sight, windows, NOW } from './sight.ts'

/** Plays [ready, successes in 20 s] through points of 20 s, saturated. */
function played(points: [number, number][], from: Gain | null = null): Gain | null {
  return points.reduce<Gain | null>((gain, [ready, ok], i) => {
    const full = windows({ ok, offered: 2000, boundPermille: 1000 })
    const inputs = { replicas: replicas(ready), windows: full }
    return observeGain(sight({ inputs, state: { gain }, now: NOW + i * 20_000 }))
  }, from)
}

test('added replicas that bring their share are a gain', t => {
  const gain = played([
    [2, 800],
    [2, 800],
    [4, 1500],
    [4, 1600],
    [8, 3100],
    [8, 3200],
  ])
  t.is(gain?.stop, null)
})

test('added replicas that bring nothing stop scaling up', t => {
  const gain = played([
    [2, 800],
    [2, 800],
    [4, 800],
    [4, 810],
  ])
  t.is(gain?.stop?.added, 2)
  t.is(gain?.stop?.most, 4)
  const state = { gain }
  const bounded = noGain(9000, sight({ state, now: NOW + 60_000 }))
  t.is(bounded.milli, 4000)
  t.is(bounded.reason, 'no-gain')
  t.is(noGain(2000, sight({ state, now: NOW + 60_000 })).milli, 2000)
})

test('after a while a quarter more is tried', t => {
  const gain = played([
    [2, 800],
    [2, 800],
    [4, 800],
    [4, 810],
  ])
  t.is(noGain(9000, sight({ state: { gain }, now: NOW + 400_000 })).milli, 5000)
})

test('too few answers to tell from chance stop nothing', t => {
  t.is(
    played([
      [2, 20],
      [2, 20],
      [4, 20],
      [4, 20],
    ])?.stop,
    null,
  )
})

test('more throughput than before ends a stop', t => {
  const stopped = played([
    [2, 800],
    [2, 800],
    [4, 800],
    [4, 810],
  ])
  t.is(
    played(
      [
        [4, 810],
        [4, 1600],
      ],
      { ...(stopped as Gain), since: NOW - 40_000 },
    )?.stop,
    null,
  )
})

test('nothing is compared when there is room', t => {
  t.is(observeGain(sight({ state: { gain: played([[2, 800]]) } })), null)
})

test('a guard that more replicas do not relieve becomes futile, one that they do does not', t => {
  const at = (ready: number, memoryPermille: number, now: number, state = {}) =>
    observe(
      sight({
        inputs: { replicas: replicas(ready), windows: windows({ memoryPermille }) },
        now,
        state,
      }),
    )
  const first = at(4, 950, NOW)
  t.like(first.guards.memory, { ready: 4, futile: false })
  const grown = at(5, 950, NOW + 20_000, first)
  t.like(grown.guards.memory, { ready: 4, futile: false })
  t.like(at(5, 950, NOW + 50_000, grown).guards.memory, { ready: 4, futile: true })
  t.like(at(5, 910, NOW + 50_000, grown).guards.memory, { ready: 5, futile: false })
  t.is(at(4, 800, NOW + 50_000, first).guards.memory, undefined)
})

test('a guard that wavers about its target is neither new nor forgotten', t => {
  const note = { ready: 4, use: 995, grownAt: NOW - 60_000, futile: true }
  const at = (memoryPermille: number) =>
    observe(
      sight({
        inputs: { windows: windows({ memoryPermille }) },
        state: { guards: { memory: note } },
      }),
    ).guards.memory
  t.deepEqual(at(895), note)
  t.is(at(800), undefined)
})

test('an overload is remembered as it began, until next to nothing comes to nothing', t => {
  const at = (offered: number, rejected: number, now: number, state = {}, more = {}) =>
    observe(sight({ inputs: { windows: windows({ offered, rejected, ...more }) }, now, state }))
  const first = at(1000, 500, NOW)
  t.deepEqual(first.overload, { since: NOW, offeredMilli: 50_000 })
  const next = at(1400, 500, NOW + 5000, first)
  t.deepEqual(next.overload, first.overload)
  t.is(at(4000, 200, NOW + 15_000, next).overload, null)
  t.is(at(1000, 150, NOW).overload, null, 'a few are none')
  const gaveUp = { abandoned: 500, heldMilli: 1000 }
  t.deepEqual(at(1000, 0, NOW, {}, gaveUp).overload, first.overload, 'clients that gave up count')
  t.is(at(1000, 0, NOW, {}, { abandoned: 500 }).overload, null, 'not those that left in calm')
  t.is(at(1400, 500, NOW + 4000, first).overload?.offeredMilli, 70_000, 'it may still come in')
})

test('start-up is the 90th percentile of the last 16', t => {
  const many = Array.from({ length: 20 }, (_, i) => 1000 * (i + 1))
  t.deepEqual(observe(sight({ inputs: { startUps: many } })).startUps, many.slice(-16))
})
