import test from 'ava'
import fc from 'fast-check'
import { sample, type Sample } from '../../../core/model/sample.ts'
import { check } from '../../../core/model/schema.ts'
import { EMPTY_WINDOW, fold, window, windowOf, type Window } from '../../../core/model/window.ts'
import { samples } from './arbitrary.ts'

const folded = (list: readonly Sample[]): Window => list.map(windowOf).reduce(fold, EMPTY_WINDOW)

test('folding gives the same in any grouping and any order', t => {
  const shuffled = samples.chain(list =>
    fc.record({
      list: fc.constant(list),
      other: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
      cut: fc.nat(list.length),
    }),
  )
  fc.assert(
    fc.property(shuffled, ({ list, other, cut }) => {
      const all = folded(list)
      t.deepEqual(folded(other), all)
      t.deepEqual(fold(folded(list.slice(0, cut)), folded(list.slice(cut))), all)
      t.deepEqual(fold(folded(list.slice(cut)), folded(list.slice(0, cut))), all)
    }),
  )
})

test('a fold of good samples is a good window, and counts every sample once', t => {
  fc.assert(
    fc.property(samples, list => {
      for (const one of list) t.true(check(sample, one).ok)
      const all = folded(list)
      const checked = check(window, all)
      t.deepEqual(checked.ok ? [] : checked.issues, [])
      t.is(all.samples, list.length)
      t.is(
        all.offered,
        list.reduce((sum, one) => sum + one.offered, 0),
      )
      t.is(
        all.service.count,
        list.reduce((sum, one) => sum + one.service.count, 0),
      )
      t.is(all.inFlight.max, Math.max(0, ...list.map(one => one.inFlight.max)))
    }),
  )
})

test('folding nothing changes nothing', t => {
  fc.assert(
    fc.property(samples, list => {
      t.deepEqual(fold(folded(list), EMPTY_WINDOW), folded(list))
      t.deepEqual(fold(EMPTY_WINDOW, folded(list)), folded(list))
    }),
  )
})

test('the latest gauges are those of the newest second', t => {
  fc.assert(
    fc.property(samples, list => {
      const newest = list.reduce((most, one) => Math.max(most, one.start), 0)
      t.is(folded(list).latest?.start ?? 0, newest)
    }),
  )
})
