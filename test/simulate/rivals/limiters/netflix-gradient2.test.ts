import test from 'ava'
import { netflixGradient2 } from '../../../../simulate/rivals/limiters/netflix-gradient2.ts'
import type { Limiter } from '../../../../simulate/rivals/limiters/limiter.ts'
import { answer, MS, options, SECOND } from './support.ts'

interface Windows {
  limiter: Limiter
  /** One window of `count` equal answers; the last one closes it. */
  window(rttUs: number, inFlight: number, count?: number): number
}

function windows(first: number, max = 200): Windows {
  const limiter = netflixGradient2(options({ first, max }))
  // The first answer closes a window of its own, too small to count.
  limiter.ended(answer(), 1)
  let endUs = 1 + SECOND
  return {
    limiter,
    window(rttUs, inFlight, count = 10) {
      for (let i = 1; i < count; i++) limiter.ended(answer({ rttUs, inFlight }), endUs)
      limiter.ended(answer({ rttUs, inFlight }), endUs + 1)
      endUs += 1 + SECOND
      return limiter.limit
    },
  }
}

test('grows while the rtt is level, falls by the gradient when it rises', t => {
  const { window } = windows(20)
  // g = 1: .8 x 20 + .2 x 24 = 20.8, then .8 x 20.8 + .2 x 24.8 = 21.6
  t.is(window(10 * MS, 20), 20)
  t.is(window(10 * MS, 20), 21)
  // Long (10 + 10 + 60) / 3 = 26.7, g = 1.5 x 26.7 / 60 = .667: .8 x 21.6 + .2 x (14.4 + 4) = 20.96
  t.is(window(60 * MS, 21), 20)
})

test('the gradient ends at one half', t => {
  const { window } = windows(20)
  for (let i = 0; i < 10; i++) window(10 * MS, 1)
  // Long 10 x 599/601 + 1,000 x 2/601 = 13.3: g would be .02. .8 x 20 + .2 x (10 + 4) = 18.8
  t.is(window(1000 * MS, 20), 18)
})

test('held while less than half of it was in flight at most', t => {
  const { window } = windows(40)
  t.is(window(10 * MS, 19), 40)
  // .8 x 40 + .2 x 44 = 40.8, then 41.6
  window(10 * MS, 20)
  t.is(window(10 * MS, 21), 41)
})

test('a window of fewer than 10 answers is thrown away, and what is faster than 100 us not looked at', t => {
  const grown = (rttUs: number, count: number): number => {
    const { limiter, window } = windows(20)
    for (let i = 0; i < 5; i++) window(rttUs, 20, count)
    return limiter.limit
  }
  // Five times .2 x 4 more.
  t.deepEqual([grown(10 * MS, 9), grown(10 * MS, 10)], [20, 24])
  t.deepEqual([grown(99, 10), grown(100, 10)], [20, 24])
})

test('nothing changes before a second is over', t => {
  const limiter = netflixGradient2(options({ first: 20 }))
  for (let i = 0; i < 1000; i++) limiter.ended(answer({ inFlight: 20 }), 1 + i * MS)
  t.is(limiter.limit, 20)
  limiter.ended(answer({ inFlight: 20 }), 2 + SECOND)
  // 20.8 so far.
  t.is(limiter.limit, 20)
  for (let i = 0; i < 10; i++) limiter.ended(answer({ inFlight: 20 }), 2 + 2 * SECOND)
  limiter.ended(answer({ inFlight: 20 }), 3 + 2 * SECOND)
  t.is(limiter.limit, 21)
})

test('a long rtt above twice the short one shrinks by 5 % a window', t => {
  const { window } = windows(20)
  for (let i = 0; i < 10; i++) window(100 * MS, 1)
  for (let i = 0; i < 40; i++) window(10 * MS, 1)
  // Long is near 20 ms by now, by its weight of 2/601 alone it were near 90: 1.5 x 19 / 40 = .7 instead of 1.
  t.is(window(40 * MS, 20), 19)
})

test('up to the greatest, and drops count as answers', t => {
  const { limiter, window } = windows(20, 21)
  for (let i = 0; i < 5; i++) window(10 * MS, 20)
  t.is(limiter.limit, 21)
  const failing = netflixGradient2(options({ first: 20 }))
  for (let i = 0; i < 60; i++) failing.ended(answer({ inFlight: 20, ok: false }), 1 + i * 200 * MS)
  t.is(failing.limit, 20)
  for (let i = 0; i < 90; i++)
    failing.ended(answer({ inFlight: 20, ok: false }), 15 * SECOND + i * 50 * MS)
  t.true(failing.limit > 20)
})
