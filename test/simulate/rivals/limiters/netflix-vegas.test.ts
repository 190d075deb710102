import test from 'ava'
import { netflixVegas } from '../../../../simulate/rivals/limiters/netflix-vegas.ts'
import type { Answer, Limiter } from '../../../../simulate/rivals/limiters/limiter.ts'
import { answer, MS, options } from './support.ts'

/** A limiter at `first` whose least rtt is 10 ms. */
const measured = (first: number, max = 20_000): Limiter => {
  const limiter = netflixVegas(options({ first, max }))
  limiter.ended(answer({ rttUs: 10 * MS, inFlight: first }), 0)
  return limiter
}

const after = (first: number, over: Partial<Answer>, max?: number): number => {
  const limiter = measured(first, max)
  limiter.ended(answer({ inFlight: first, ...over }), 0)
  return limiter.limit
}

test('the examples of VegasLimitTest', t => {
  t.is(measured(10).limit, 10)
  // No queue: + 6 x log10 10; and + 6 x log10 10,000.
  t.is(after(10, { rttUs: 10 * MS, inFlight: 11 }), 16)
  t.is(after(10_000, { rttUs: 10 * MS, inFlight: 6000 }), 10_024)
  // ceil(10 (1 - 10/50)) = 8, above 6.
  t.is(after(10, { rttUs: 50 * MS, inFlight: 11 }), 9)
  // ceil(10 (1 - 10/14)) = 3: neither below 3 nor above 6.
  t.is(after(10, { rttUs: 14 * MS, inFlight: 14 }), 10)
})

test('a short queue lets it grow by log10 of the limit', t => {
  // ceil(10 (1 - 10/12)) = 2
  t.is(after(10, { rttUs: 12 * MS }), 11)
  // log10 100 = 2: a queue of ceil(100 (1 - 10/10.3)) = 3 is below 6.
  t.is(after(100, { rttUs: 10_300 }), 102)
  // One of ceil(100 (1 - 10/11.5)) = 14 is above 12.
  t.is(after(100, { rttUs: 11_500 }), 98)
})

test('held while less than half of it is in flight, but a drop cuts', t => {
  t.is(after(10, { inFlight: 4, rttUs: 50 * MS }), 10)
  t.is(after(10, { inFlight: 4, rttUs: 50 * MS, ok: false }), 9)
})

test('a faster answer only lowers the least rtt, even a drop', t => {
  const limiter = measured(10)
  limiter.ended(answer({ rttUs: 5 * MS, inFlight: 10, ok: false }), 0)
  t.is(limiter.limit, 10)
  // ceil(10 (1 - 5/10)) = 5 holds, where 10 ms was no queue before.
  limiter.ended(answer({ rttUs: 10 * MS, inFlight: 10 }), 0)
  t.is(limiter.limit, 10)
})

test('between 1 and the greatest', t => {
  t.is(after(10, { rttUs: 10 * MS }, 12), 12)
  t.is(after(1, { rttUs: 50 * MS, ok: false }), 1)
})

test('the least rtt is taken anew after 15 to 30 times the limit', t => {
  const slow = (count: number): number => {
    const limiter = measured(10)
    for (let i = 0; i < count; i++) limiter.ended(answer({ rttUs: 50 * MS, inFlight: 1 }), 0)
    limiter.ended(answer({ rttUs: 50 * MS, inFlight: 10 }), 0)
    return limiter.limit
  }
  // Against 10 ms a queue of 8, against 50 ms none.
  t.is(slow(140), 9)
  t.is(slow(300), 16)
})
