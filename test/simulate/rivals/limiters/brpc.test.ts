import test from 'ava'
import { brpc } from '../../../../simulate/rivals/limiters/brpc.ts'
import { Random } from '../../../../simulate/random.ts'
import type { Answer, Limiter } from '../../../../simulate/rivals/limiters/limiter.ts'
import { answer, MS, options, SECOND } from './support.ts'

const made = (first: number, max = 1000, seed = 1): Limiter =>
  brpc(options({ first, max, random: new Random(seed) }))

/** Answers from `fromUs` on, each `stepUs` after the one before; the limit after the last. */
function feed(
  limiter: Limiter,
  fromUs: number,
  answers: readonly Partial<Answer>[],
  stepUs = MS,
): number {
  answers.forEach((over, i) => limiter.ended(answer(over), fromUs + i * stepUs))
  return limiter.limit
}

const times = (count: number, over: Partial<Answer> = {}): Partial<Answer>[] =>
  Array.from({ length: count }, () => over)

test('least latency x peak qps and three tenths more while it does not queue', t => {
  const limiter = made(40)
  t.is(feed(limiter, 0, times(199)), 40)
  // 200 in 199 ms: 1,005/s x 10 ms = 10.05, x 1.3 = 13.07
  t.is(feed(limiter, 199 * MS, times(1)), 13)
})

test('the room to explore shrinks by .02 a window to .06 while the latency is up at the peak qps', t => {
  const limiter = made(40)
  feed(limiter, 0, times(200))
  const slow = (k: number): number => feed(limiter, k * 200 * MS, times(200, { rttUs: 12 * MS }))
  const limits = Array.from({ length: 14 }, (_, k) => slow(k + 1))
  // 10.05 x 1.28, 1.26, 1.24 ... 1.06
  t.deepEqual(limits, [12, 12, 12, 12, 12, 11, 11, 11, 11, 11, 10, 10, 10, 10])
  // Within 6 % of the least latency it grows again: 10.04 x 1.08
  t.is(feed(limiter, 15 * 200 * MS, times(200, { rttUs: 10_600 })), 10)
  t.is(feed(limiter, 16 * 200 * MS, times(200, { rttUs: 10_600 })), 11)
})

test('the peak follows a rise at once and a fall by a hundredth, the least latency a fall by a tenth', t => {
  const limiter = made(40)
  feed(limiter, 0, times(200))
  // Half the qps at the same latency: the peak is .01 x 500 + .99 x 1,005 = 1,000. 10 x 1.3
  t.is(feed(limiter, 201 * MS, times(200), 2 * MS), 12)
  // Four times the qps: 4,000 x 10 ms x 1.3, from 201 + 398 ms on.
  t.is(feed(limiter, 599 * MS + 250, times(200), 250), 52)
  // 1 ms instead of 10: .1 x 1 + .9 x 10 = 9.1 ms x 4,000 x 1.3 = 47.3
  t.is(feed(limiter, 649 * MS + 250, times(200, { rttUs: MS }), 250), 47)
})

test('a window ends after 1 s with 100 answers at least; with fewer it is thrown away', t => {
  const limiter = made(40)
  // 10 ms apart: the 101st comes at 1 s. 101/s x 10 ms x 1.3 = 1.3, but 4 at least.
  t.is(feed(limiter, 0, times(100), 10 * MS), 40)
  t.is(feed(limiter, SECOND, times(1)), 4)
  const sparse = made(40)
  t.is(feed(sparse, 0, times(1000), 11 * MS), 40)
})

test('of answers within 100 us one is looked at, but each success counts for the qps', t => {
  const limiter = made(40)
  for (let i = 0; i < 200; i++)
    for (const lateUs of [0, 99]) limiter.ended(answer(), i * MS + lateUs)
  // 399 in 199 ms: 2,005/s x 10 ms x 1.3 = 26.07
  t.is(limiter.limit, 26)
})

test('time spent on errors is laid on the successes', t => {
  const limiter = made(40)
  const answers = [...times(20, { ok: false, rttUs: 100 * MS }), ...times(180)]
  // (20 x 100 + 180 x 10) / 180 = 21.112 ms; 180 in 199 ms: 904.5/s; x 1.3 = 24.8
  t.is(feed(limiter, 0, answers), 24)
})

test('a window of errors alone halves the limit, down to 4', t => {
  const limiter = made(40)
  const errors = times(200, { ok: false })
  const limits = [0, 1, 2, 3, 4].map(k => feed(limiter, k * 200 * MS, errors))
  t.deepEqual(limits, [20, 10, 5, 4, 4])
})

test('up to the greatest', t => {
  t.is(feed(made(8, 10), 0, times(200)), 10)
})

test('each 25 to 50 s the limit is cut for two latencies and the least latency measured anew', t => {
  const when = new Set<number>()
  for (let seed = 1; seed <= 5; seed++) {
    const limiter = made(40, 1000, seed)
    let nowUs = 0
    // 1,000/s at 10 ms gives 13 until .9 x 10.0 = 9.01, rounded up.
    for (; limiter.limit !== 10; nowUs += MS) limiter.ended(answer(), nowUs)
    t.true(nowUs > 25 * SECOND && nowUs < 50.5 * SECOND, String(nowUs))
    when.add(nowUs)
    // Two latencies are 20 ms, then a window of 200 answers, each of 20 ms: 1,001/s x 20 ms x 1.3
    t.is(feed(limiter, nowUs, times(218, { rttUs: 20 * MS })), 10)
    t.is(feed(limiter, nowUs + 218 * MS, times(3, { rttUs: 20 * MS })), 26)
  }
  t.true(when.size > 1)
})
