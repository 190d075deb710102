import test from 'ava'
import { eject } from '../../../edge/dispatch/ejection.ts'
import { Fleet } from '../../../edge/dispatch/fleet.ts'
import type { Replica } from '../../../edge/dispatch/replica.ts'

const S = 1_000_000
const ready = (...names: string[]) => names.map(replica => ({ replica, ready: true }))
const of = (fleet: Fleet, name: string): Replica => {
  const replica = fleet.get(name)
  if (replica === undefined) throw new Error(`no ${name}`)
  return replica
}

test('the least loaded by share of its limit is chosen', t => {
  const fleet = new Fleet()
  fleet.set(ready('a', 'b'), 4, false, 0)
  of(fleet, 'b').effective = 8
  of(fleet, 'a').own = 2
  of(fleet, 'b').own = 3
  t.is(fleet.choose(0, () => 0)?.name, 'b')
})

test('among equals two are drawn and the one that waited longer takes it', t => {
  const fleet = new Fleet()
  fleet.set(ready('a', 'b', 'c'), 4, false, 0)
  of(fleet, 'a').givenUs = 5
  of(fleet, 'c').givenUs = 3
  const draws = [0, 0.9]
  t.is(fleet.choose(9, () => draws.shift() ?? 0)?.name, 'c')
})

test('a new replica gets few requests at first, but takes what nobody else can', t => {
  const fleet = new Fleet()
  fleet.set(ready('a'), 10, false, 0)
  fleet.set(ready('a', 'b'), 10, false, 20 * S)
  of(fleet, 'a').own = 5
  t.is(fleet.choose(20 * S, () => 0)?.name, 'a')
  of(fleet, 'b').own = 1
  t.is(fleet.choose(40 * S, () => 0)?.name, 'b')
  of(fleet, 'a').own = 10
  t.is(fleet.choose(20 * S, () => 0)?.name, 'b')
})

test('a replica that is ready again is tried with all its slots, not one by one', t => {
  const fleet = new Fleet()
  fleet.set(ready('a'), 4, false, 0)
  for (let i = 0; i < 8; i++) of(fleet, 'a').failed(i * S)
  of(fleet, 'a').own = 1
  t.is(
    fleet.choose(20 * S, () => 0),
    null,
    'one at a time while nothing else is known',
  )
  fleet.set([{ replica: 'a', ready: false }], 4, false, 21 * S)
  fleet.set(ready('a'), 4, false, 22 * S)
  t.is(fleet.choose(22 * S, () => 0)?.name, 'a')
})

test('the newest word on the limit wins: of the table, then of an answer, then of a changed table', t => {
  const fleet = new Fleet()
  fleet.set(ready('a'), 4, false, 0)
  of(fleet, 'a').heard({ effective: 9, inFlight: 2 }, 1)
  fleet.set(ready('a'), 4, false, 2)
  t.is(of(fleet, 'a').free, 7)
  fleet.set(ready('a'), 5, true, 3)
  t.is(of(fleet, 'a').free, 3)
})

test('an outlier is ejected, a bounded share at once, and never when all are as bad', t => {
  const fleet = new Fleet()
  fleet.set(ready('a', 'b', 'c', 'd'), 4, false, 0)
  for (const name of ['a', 'b']) of(fleet, name).bad = 50
  for (const name of ['c', 'd']) of(fleet, name).good = 500
  t.deepEqual(
    eject(fleet, S).map(one => one.name),
    ['a'],
  )
  t.false(of(fleet, 'a').reachable(2 * S))
  t.true(of(fleet, 'a').reachable(12 * S))
  t.deepEqual(eject(fleet, 2 * S), [], 'one of four may be out')
  const bad = new Fleet()
  bad.set(ready('a', 'b'), 4, false, 0)
  for (const name of ['a', 'b']) of(bad, name).bad = 50
  t.deepEqual(eject(bad, S), [])
})

test('failed connects under way at the same moment rest the replica once', t => {
  const fleet = new Fleet()
  fleet.set(ready('a'), 4, false, 0)
  for (let i = 0; i < 5; i++) of(fleet, 'a').failed(i)
  t.is(of(fleet, 'a').failures, 1)
  t.true(of(fleet, 'a').usable(100_001))
  of(fleet, 'a').own = 1
  t.false(of(fleet, 'a').usable(100_001), 'one at a time until it answers')
})
