import test from 'ava'
import { Level } from '../../../edge/dispatch/level.ts'

test('a level is the integral over time, the largest and the last value, and carries on', t => {
  const level = new Level(0)
  level.set(3, 100)
  level.set(1, 200)
  t.deepEqual(level.take(1000), { integral: 300 + 800, max: 3, end: 1 })
  t.deepEqual(level.take(2000), { integral: 1000, max: 1, end: 1 })
  level.set(0, 2000)
  t.deepEqual(level.take(2500), { integral: 0, max: 1, end: 0 })
})
