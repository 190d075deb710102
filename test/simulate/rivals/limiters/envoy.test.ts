import test from 'ava'
import { Random } from '../../../../simulate/random.ts'
import { envoy } from '../../../../simulate/rivals/limiters/envoy.ts'
import type { Limiter } from '../../../../simulate/rivals/limiters/limiter.ts'
import { answer, MS, options, SECOND } from './support.ts'

/** One that has a least rtt of 10 ms since 1 s, at limit 3. */
function measured(share = 0.5, max = 1000, seed = 1): Limiter {
  const limiter = envoy(share)(options({ first: 20, max, random: new Random(seed) }))
  for (let i = 0; i < 50; i++) limiter.ended(answer({ rttUs: 10 * MS }), SECOND)
  return limiter
}

/** Answers in each of the next windows of 100 ms, the limit after each. */
function play(limiter: Limiter, fromUs: number, rtts: readonly (readonly number[])[]): number[] {
  return rtts.map((window, k) => {
    for (const rttUs of window) limiter.ended(answer({ rttUs }), fromUs + k * 100 * MS + 50 * MS)
    limiter.tick?.(fromUs + (k + 1) * 100 * MS, null)
    return limiter.limit
  })
}

const ten = [10 * MS, 10 * MS]

test('begins at 3, whatever first limit is asked for, until 50 answers have given the least rtt', t => {
  const limiter = envoy(0.5)(options({ first: 20 }))
  for (let i = 0; i < 49; i++) limiter.ended(answer({ rttUs: 10 * MS, ok: i % 2 === 0 }), SECOND)
  t.deepEqual(play(limiter, SECOND, [[], []]), [3, 3])
  // The 50th ends the measurement; the next window is the first that counts.
  t.deepEqual(play(limiter, 2 * SECOND, [[10 * MS]]), [3])
  t.deepEqual(play(limiter, 3 * SECOND + 50 * MS, [ten]), [5])
})

test('grows by the root of the limit and the buffer of 25 % while the rtt is level', t => {
  // 3.75 + 1.94, 6.25 + 2.5, 10 + 3.16, 16.25 + 4.03
  t.deepEqual(play(measured(), SECOND, [ten, ten, ten, ten]), [5, 8, 13, 20])
})

test('the gradient is kept between one half and two', t => {
  const limiter = measured()
  play(limiter, SECOND, [ten, ten, ten])
  // 12.5 / 50 is below one half: 6.5 + 2.55; then 12.5 / 5 is above two: 18 + 4.24
  t.deepEqual(play(limiter, 2 * SECOND, [[50 * MS], [5 * MS]]), [9, 22])
})

test('the quantile of a window stands for it', t => {
  const mixed = [
    10 * MS,
    50 * MS,
    10 * MS,
    50 * MS,
    10 * MS,
    50 * MS,
    10 * MS,
    50 * MS,
    10 * MS,
    50 * MS,
  ]
  t.deepEqual(play(measured(0.5), SECOND, [ten, mixed]), [5, 8])
  // g = .5: 2.5 + 1.58
  t.deepEqual(play(measured(0.9), SECOND, [ten, mixed]), [5, 4])
})

test('held without answers; up to the greatest', t => {
  t.deepEqual(play(measured(), SECOND, [ten, [], [], ten]), [5, 5, 5, 8])
  t.deepEqual(play(measured(0.5, 6), SECOND, [ten, ten]), [5, 6])
})

test('a window that ended without anyone looking is closed by the next answer, which belongs to the next', t => {
  const limiter = measured()
  limiter.ended(answer({ rttUs: 10 * MS }), SECOND + 50 * MS)
  t.is(limiter.limit, 3)
  limiter.ended(answer({ rttUs: 50 * MS }), SECOND + 730 * MS)
  t.is(limiter.limit, 5)
  // Windows go on from where they were: this one ends at 1.8 s. 2.5 + 1.58
  limiter.tick?.(SECOND + 799 * MS, null)
  t.is(limiter.limit, 5)
  limiter.tick?.(SECOND + 800 * MS, null)
  t.is(limiter.limit, 4)
})

test('after 60 to 69 s the least rtt is measured anew at 3, from requests begun since, then all is as before', t => {
  const since = new Set<number>()
  for (let seed = 1; seed <= 20; seed++) {
    const limiter = measured(0.5, 1000, seed)
    play(limiter, SECOND, [ten, ten, ten])
    let nowUs = 60 * SECOND
    for (; limiter.limit === 13; nowUs += 100 * MS) limiter.tick?.(nowUs, null)
    t.is(limiter.limit, 3)
    t.true(nowUs >= 61 * SECOND && nowUs <= 70.2 * SECOND, String(nowUs))
    since.add(nowUs)
    for (let i = 0; i < 100; i++) limiter.ended(answer({ rttUs: 500 * MS }), nowUs + 300 * MS)
    t.is(limiter.limit, 3)
    for (let i = 0; i < 50; i++) limiter.ended(answer({ rttUs: 20 * MS }), nowUs + 300 * MS)
    t.is(limiter.limit, 13)
    // Level with the new least rtt: 16.25 + 4.03
    t.deepEqual(play(limiter, nowUs + 300 * MS, [[20 * MS]]), [20])
  }
  t.true(since.size > 10)
  t.true(Math.max(...since) > 69 * SECOND)
})

test('set from 3 to 3 five times running, the least rtt is measured anew', t => {
  const limiter = measured()
  const slow = [100 * MS]
  t.deepEqual(play(limiter, 2 * SECOND, [slow, slow, slow, slow]), [3, 3, 3, 3])
  // The fifth: from here on 50 answers of 100 ms make it the least.
  play(limiter, 2.4 * SECOND, [slow])
  for (let i = 0; i < 50; i++) limiter.ended(answer({ rttUs: 100 * MS }), 3 * SECOND)
  t.deepEqual(play(limiter, 3 * SECOND, [slow]), [5])
})
