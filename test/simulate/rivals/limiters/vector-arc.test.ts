import test from 'ava'
import { vectorArc } from '../../../../simulate/rivals/limiters/vector-arc.ts'
import type { Answer, Limiter } from '../../../../simulate/rivals/limiters/limiter.ts'
import { answer, MS, options, SECOND } from './support.ts'

/** One whose past mean is 100 ms, without deviation; that answer is still part of its first window. */
function settled(first: number, max = 200): Limiter {
  const limiter = vectorArc(options({ first, max }))
  limiter.ended(answer({ rttUs: 100 * MS }), 0)
  return limiter
}

/** Windows of one answer each, a second apart: the limit after each. */
const play = (limiter: Limiter, answers: readonly Partial<Answer>[]): number[] =>
  answers.map((over, k) => {
    limiter.ended(answer({ rttUs: 100 * MS, reached: true, ...over }), (k + 1) * SECOND)
    return limiter.limit
  })

test('one more a window while the limit is reached and the rtt is level', t => {
  t.deepEqual(play(settled(1), [{}, {}, {}]), [2, 3, 4])
  // Reached as well where as many were in flight as the limit allows, though none waited.
  t.deepEqual(play(settled(5), [{ reached: false, inFlight: 5 }]), [6])
})

test('held where the limit was not reached and the rtt is better, and at the greatest', t => {
  t.deepEqual(play(settled(10), [{ reached: false, inFlight: 9, rttUs: 90 * MS }]), [10])
  t.deepEqual(play(settled(10, 10), [{ rttUs: 90 * MS }]), [10])
})

test('a tenth off from 2.5 deviations above the past mean on', t => {
  // Deviation 0, so (100 + 102) / 2 = 101 is far: 12 x .9 = 10.8. Then mean 100.4, variance .6 x 1 x .4 = .24: up to 101.62.
  const until = [{ rttUs: 102 * MS }, { rttUs: 101_500 }]
  t.deepEqual(play(settled(12), until), [10, 10])
  // Then mean 100.84, variance .6 (.24 + 1.1 x .44) = .4344: up to 102.488.
  t.deepEqual(play(settled(12), [...until, { rttUs: 102_480 }]), [10, 10, 10])
  t.deepEqual(play(settled(12), [...until, { rttUs: 102_490 }]), [10, 10, 9])
})

test('without deviation an equal rtt is high where the limit was not reached', t => {
  t.deepEqual(play(settled(10), [{ reached: false }]), [9])
})

test('a server error is back pressure, with or without successes beside it', t => {
  const alone = settled(10)
  t.deepEqual(play(alone, [{ ok: false, rttUs: 1 }, {}]), [9, 10])
  const beside = settled(10)
  beside.ended(answer({ ok: false }), 50 * MS)
  t.deepEqual(play(beside, [{}, {}]), [9, 10])
})

test('never below 1', t => {
  t.deepEqual(play(settled(2), [{ ok: false }, { ok: false }]), [1, 1])
})

test('a window is as long as the past mean, and its mean is what counts', t => {
  const limiter = settled(10)
  // Until 100 ms nothing happens; the answer that made the first mean still belongs to this window.
  limiter.ended(answer({ rttUs: 80 * MS, reached: true }), 99 * MS)
  t.is(limiter.limit, 10)
  // (100 + 80 + 120) / 3 = 100
  limiter.ended(answer({ rttUs: 120 * MS }), 100 * MS)
  t.is(limiter.limit, 11)
  limiter.ended(answer({ rttUs: 100 * MS, reached: true }), 199 * MS)
  t.is(limiter.limit, 11)
  limiter.ended(answer({ rttUs: 100 * MS }), 200 * MS)
  t.is(limiter.limit, 12)
})

test('errors before the first success wait for it', t => {
  const limiter = vectorArc(options({ first: 10 }))
  for (let k = 0; k < 5; k++) limiter.ended(answer({ ok: false }), k * SECOND)
  t.is(limiter.limit, 10)
  limiter.ended(answer({ rttUs: 100 * MS }), 5 * SECOND)
  t.is(limiter.limit, 10)
  limiter.ended(answer({ rttUs: 100 * MS }), 6 * SECOND)
  t.is(limiter.limit, 9)
})
