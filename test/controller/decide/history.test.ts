import test from 'ava'
import fc from 'fast-check'
import { event, extreme, remember, sumWithin } from '../../../controller/decide/history.ts'
import type { Stamped } from '../../../controller/decide/replicas-state.ts'

const WINDOW = 300_000
const needs = fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 200 })

test('the highest of the window is never forgotten early, nor kept much longer', t => {
  fc.assert(
    fc.property(needs, values => {
      let list: Stamped[] = []
      values.forEach((value, i) => {
        list = remember(list, value, i * 5000, WINDOW, 1)
        const now = i * 5000
        const inWindow = values.slice(Math.max(0, i - 59), i + 1)
        const longer = values.slice(Math.max(0, i - 64), i + 1)
        const got = extreme(list, 0, now, WINDOW, 1)
        t.true(list.length <= 22)
        t.true(got >= Math.max(...inWindow), `${got} at ${i}`)
        t.true(got <= Math.max(...longer), `${got} at ${i}`)
      })
    }),
  )
})

test('a steady need leaves the list as it is for a while', t => {
  const list = remember([], 3000, 1000, WINDOW, 1)
  t.deepEqual(remember(list, 3000, 6000, WINDOW, 1), list)
})

test('the lowest of the window', t => {
  let list: Stamped[] = []
  for (const [i, value] of [5, 2, 9].entries()) list = remember(list, value, i * 5000, 60_000, -1)
  t.is(extreme(list, 9, 12_000, 60_000, -1), 2)
  t.is(extreme(list, 9, 200_000, 60_000, -1), 9)
})

test('a window of nothing remembers nothing', t => {
  t.deepEqual(remember([[1, 1]], 5, 10, 0, 1), [])
})

test('events add up within their period, and the list stays bounded', t => {
  let list: Stamped[] = []
  for (let i = 0; i < 100; i++) list = event(list, 1, i * 1000, 1_000_000)
  t.is(list.length, 64)
  t.is(sumWithin(list, 100_000, 1_000_000), 100)
  t.is(sumWithin(list, 100_000, 10_000), 9)
  t.deepEqual(event(list, 0, 5_000_000, 1_000_000), [])
})
