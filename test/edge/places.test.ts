import test from 'ava'
import fc from 'fast-check'
import { Places } from '../../edge/places.ts'

test('alone an endpoint may hold all; beside others it leaves each its own', t => {
  const places = new Places(100)
  const one = places.join()
  t.is(one.most, 100)
  one.holds(60)
  t.is(one.most, 100)
  const other = places.join()
  // 25 each, and 50 for both.
  t.is(one.most, 75)
  t.is(other.most, 40, '25, and the 15 that one has left of 50')
  one.holds(75)
  t.is(other.most, 25)
  other.holds(25)
  t.is(one.most, 75)
  one.holds(0)
  t.is(other.most, 75)
  one.leave()
  t.is(other.most, 100)
})

test('what was held before others came stays, and is no place of theirs', t => {
  const places = new Places(100)
  const one = places.join()
  one.holds(100)
  const others = Array.from({ length: 3 }, () => places.join())
  t.is(one.most, 64, '12 of its own and 52 for all')
  t.deepEqual(
    others.map(({ most }) => most),
    [12, 12, 12],
  )
})

test('more endpoints than places: first come, first served', t => {
  const places = new Places(3)
  const all = Array.from({ length: 10 }, () => places.join())
  for (const place of all.slice(0, 3)) place.holds(1)
  t.is(all[9]?.most, 0)
  all[0]?.holds(0)
  t.is(all[9]?.most, 1)
})

test('whatever comes and goes: together never more than there are, and each may always have its own', t => {
  const step = fc.record({ who: fc.nat(5), want: fc.nat(40) })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(step),
      (most, count, steps) => {
        const places = new Places(most)
        const all = Array.from({ length: count }, () => places.join())
        const own = Math.floor(most / 2 / count)
        for (const { who, want } of steps) {
          const place = all[who % count]
          place?.holds(Math.min(want, place.most))
          const sum = all.reduce((total, { held }) => total + held, 0)
          t.true(sum <= most, `${sum} of ${most}`)
          for (const one of all) t.true(one.most >= own && one.most <= most)
        }
      },
    ),
  )
})
