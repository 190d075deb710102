import test from 'ava'
import { netflixAimd } from '../../../../simulate/rivals/limiters/netflix-aimd.ts'
import { answer, MS, options, SECOND } from './support.ts'

/** The limit after one answer. */
const after = (first: number, over: Parameters<typeof answer>[0], max = 200): number => {
  const limiter = netflixAimd(options({ first, max }))
  limiter.ended(answer(over), 0)
  return limiter.limit
}

test('the three examples of AIMDLimitTest', t => {
  t.is(after(20, { rttUs: MS, inFlight: 10 }), 21)
  t.is(after(30, { rttUs: 0, inFlight: 0, ok: false }), 27)
  t.is(after(21, { rttUs: MS, inFlight: 10 }, 21), 21)
})

test('held while less than half of it is in flight', t => {
  t.is(after(20, { inFlight: 9 }), 20)
  t.is(after(21, { inFlight: 10 }), 21)
  t.is(after(21, { inFlight: 11 }), 22)
})

test('slower than 5 s is a drop, whatever was in flight', t => {
  t.is(after(20, { rttUs: 5 * SECOND, inFlight: 20 }), 21)
  t.is(after(20, { rttUs: 5 * SECOND + 1, inFlight: 20 }), 18)
})

test('rounded down, never below 1', t => {
  // 25 x .9 = 22.5
  t.is(after(25, { ok: false }), 22)
  t.is(after(1, { ok: false }), 1)
})
