import test from 'ava'
import type { Sight } from '../../controller/tick.ts'
import { inTurn } from '../../controller/turns.ts'

const EVERY = 5

const sight = (decided: number | null, activate = false): Sight =>
  ({ remembered: { decided }, observed: { activate } }) as Sight

test('a small fleet is decided at once', t => {
  const due = Array.from({ length: 100 }, () => sight(null))
  t.is(inTurn(due, 100), due)
})

test('who wakes from zero comes first, then who was never decided, then who waits longest', t => {
  const [young, woken, fresh, old] = [sight(9), sight(8, true), sight(null), sight(3)]
  const rest = Array.from({ length: 200 }, () => sight(10))
  const taken = inTurn([...rest, young, fresh, old, woken], 204)
  t.is(taken.length, 100)
  t.deepEqual(taken.slice(0, 4), [woken, fresh, old, young])
})

test('a fleet that is due together is spread after a few seconds, and nobody waits longer than that', t => {
  const fleet = Array.from({ length: 1000 }, () => sight(null))
  const sizes: number[] = []
  let longest = 0
  for (let now = 1; now <= 60; now++) {
    const due = fleet.filter(
      ({ remembered: { decided } }) => decided === null || now - decided >= EVERY,
    )
    const taken = inTurn(due, fleet.length)
    for (const { remembered } of taken) {
      longest = Math.max(longest, now - (remembered.decided ?? 0))
      remembered.decided = now
    }
    sizes.push(taken.length)
  }
  t.true(Math.max(...sizes) <= 250)
  t.is(longest, EVERY)
})
