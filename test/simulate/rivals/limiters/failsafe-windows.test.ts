import test from 'ava'
import { Correlation, MovingMedian } from '../../../../simulate/rivals/limiters/failsafe-windows.ts'
import type { Correlated } from '../../../../simulate/rivals/limiters/failsafe-windows.ts'

const near = (got: number, wanted: number): boolean => Math.abs(got - wanted) < 0.0001

/** The examples of internal/util/median_test.go. */
test('a moving median gives back what it gets until it is full', t => {
  const three = new MovingMedian(3)
  t.deepEqual(
    [1, 2, 3, 4].map(value => three.add(value)),
    [1, 2, 2, 3],
  )
  const five = new MovingMedian(5)
  t.deepEqual(
    [5, 2, 8, 1, 9].map(value => five.add(value)),
    [5, 2, 8, 1, 5],
  )
})

const over = (xs: readonly number[], ys: readonly number[], warmUp = 0): Correlated => {
  const window = new Correlation(3, warmUp)
  let last = { correlation: NaN, cv: NaN }
  xs.forEach((x, i) => (last = window.add(x, ys[i] ?? NaN)))
  return last
}

/** The examples of internal/util/windows_test.go. */
test('how two series go together over the newest pairs', t => {
  t.deepEqual(over([1], [2]), { correlation: 0, cv: 0 })
  t.true(near(over([1, 2, 3], [10, 20, 30]).correlation, 1))
  t.true(near(over([1, 2, 3], [30, 20, 10]).correlation, -1))
  t.is(over([100, 100.1, 100.05], [200, 200.1, 200.05]).correlation, 0)
  t.is(over([100, 100.1, 100.05], [1, 2, 3]).correlation, 0)
  t.is(over([1, 2, 3], [200, 200.1, 200.05]).correlation, 0)
  t.true(near(over([1, 2, 3, 4, 5], [10, 20, 30, 40, 50]).correlation, 1))
  // What left the window no longer counts: 3, 2, 1 against 1, 2, 3.
  t.true(near(over([1, 2, 3, 2, 1], [1, 2, 1, 2, 3]).correlation, -1))
})

test('the coefficient of variation of the second series', t => {
  t.true(near(over([1, 2], [5, 10]).cv, 0.3333))
  t.true(near(over([1, 2, 3, 4], [5, 10, 15, 20]).cv, 0.2722))
})

test('nothing is known during the warm-up', t => {
  t.deepEqual(over([1, 2], [10, 20], 3), { correlation: 0, cv: 0 })
  t.true(over([1, 2, 3], [10, 20, 30], 3).cv > 0)
})
