import test from 'ava'
import fc from 'fast-check'
import { clamp, exp, log } from '../../../core/model/math.ts'

const relative = (got: number, wanted: number): number =>
  wanted === 0 ? Math.abs(got) : Math.abs((got - wanted) / wanted)

test('exp agrees with Math.exp within 1e-14 from -700 to 700', t => {
  for (let x = -700; x <= 709; x += 0.137) t.true(relative(exp(x), Math.exp(x)) < 1e-14, String(x))
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 1, noNaN: true }),
      x => relative(exp(x), Math.exp(x)) < 1e-14,
    ),
  )
  t.is(exp(0), 1)
})

test('log agrees with Math.log within 1e-14 over all of the range', t => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }),
      x => {
        const wanted = Math.log(x)
        return relative(log(x), wanted) < 1e-14 || Math.abs(log(x) - wanted) < 1e-15
      },
    ),
    { numRuns: 2000 },
  )
  for (let x = 0.5; x < 2; x += 0.001) t.true(Math.abs(log(x) - Math.log(x)) < 1e-15)
  t.is(log(1), 0)
})

test('log undoes exp', t => {
  for (let x = -30; x <= 30; x += 0.31) t.true(Math.abs(log(exp(x)) - x) < 1e-13)
})

test('the ends of the range', t => {
  t.is(exp(-Infinity), 0)
  t.is(exp(Infinity), Infinity)
  t.is(exp(1000), Infinity)
  t.is(log(0), -Infinity)
  t.is(log(Infinity), Infinity)
  for (const bad of [exp(NaN), log(NaN), log(-1)]) t.is(bad, NaN)
})

test('a value is kept within its bounds', t => {
  t.deepEqual([clamp(0, 1, 3), clamp(2, 1, 3), clamp(9, 1, 3)], [1, 2, 3])
})

test('the bits that decisions were made with stay as they are', t => {
  t.deepEqual(
    [0.1, 1, -1, 2.5, 10, -20, 300].map(exp),
    [
      1.1051709180756473, 2.7182818284590446, 0.3678794411714424, 12.182493960703477,
      22026.465794806714, 2.0611536224385566e-9, 1.9424263952412558e130,
    ],
  )
  t.deepEqual(
    [0.1, 0.5, 1.5, 2, 10, 1e6].map(log),
    [
      -2.3025850929940455, -0.6931471805599453, 0.4054651081081644, 0.6931471805599453,
      2.3025850929940455, 13.815510557964274,
    ],
  )
})
