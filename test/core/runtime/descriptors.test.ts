import test from 'ava'
import { affordable, connectionsFor } from '../../../core/runtime/descriptors.ts'

test('a client may need two descriptors, and what is our own stays free', t => {
  t.is(connectionsFor(10_000, Infinity), 10_000)
  t.is(connectionsFor(10_000, 1_048_576), 10_000)
  t.is(connectionsFor(10_000, 1024), 488)
  t.is(connectionsFor(100, 1024), 100)
  t.is(connectionsFor(10_000, 64), 8)
  t.is(connectionsFor(10_000, 20), 4)
  t.is(connectionsFor(2, 20), 2)
})

test('it is said when fewer are possible than were asked for, and only then', t => {
  const said: unknown[] = []
  const log = (...words: unknown[]): void => void said.push(words)
  t.deepEqual(affordable({ connections: 5, headBytes: 1 }, log), { connections: 5, headBytes: 1 })
  t.is(said.length, 0)
  const { connections } = affordable({ connections: 1_000_000_000 }, log)
  t.is(said.length, connections < 1_000_000_000 ? 1 : 0)
})
