import test from 'ava'
import {
  aimdObjective,
  aimdSlowStart,
} from '../../../../simulate/rivals/limiters/aimd-objective.ts'
import type { Answer, Limiter } from '../../../../simulate/rivals/limiters/limiter.ts'
import { answer, MS, options, SECOND } from './support.ts'

const made = (first: number, objectiveUs: number | null = 100 * MS, max = 30): Limiter =>
  aimdObjective(options({ first, max, objectiveUs }))

/** A second of ten answers, `late` of them above 100 ms; the limit after it. */
function second(limiter: Limiter, late: number, over: Partial<Answer> = {}): number {
  for (let i = 0; i < 10; i++) {
    const rttUs = i < late ? 101 * MS : 100 * MS
    limiter.ended(answer({ rttUs, reached: true, ...over }), SECOND)
  }
  limiter.tick?.(SECOND, null)
  return limiter.limit
}

test('one more a second while the p90 is within the objective, a tenth off when above', t => {
  const limiter = made(20)
  // The 9th of 10 counts; 21 x .9 = 18.9
  t.deepEqual(
    [1, 2, 2, 0].map(late => second(limiter, late)),
    [21, 18, 16, 17],
  )
})

test('held where the limit was not reached, but cut all the same', t => {
  const idle = { reached: false, inFlight: 19 }
  t.is(second(made(20), 0, idle), 20)
  t.is(second(made(20), 0, { ...idle, inFlight: 20 }), 21)
  t.is(second(made(20), 10, idle), 18)
})

test('an error is slower than any objective', t => {
  t.is(second(made(20), 0, { ok: false, rttUs: 1 }), 18)
})

test('between 1 and the greatest', t => {
  t.is(second(made(1), 10), 1)
  t.is(second(made(30), 0), 30)
})

test('what was seen in one second does not count in the next', t => {
  const limiter = made(20)
  second(limiter, 10)
  limiter.tick?.(2 * SECOND, null)
  t.is(limiter.limit, 18)
  t.is(second(limiter, 0, { reached: false }), 18)
})

test('without an objective it holds', t => {
  t.is(second(made(20, null), 10), 20)
  t.is(second(made(20, null), 0), 20)
})

test('slow start: doubled until the first late second, then as without', t => {
  const limiter = aimdSlowStart(options({ first: 4, max: 100, objectiveUs: 100 * MS }))
  // 32 x .9 = 28.8
  t.deepEqual(
    [0, 0, 0, 2, 0].map(late => second(limiter, late)),
    [8, 16, 32, 28, 29],
  )
})
