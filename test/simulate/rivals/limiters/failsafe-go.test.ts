import test from 'ava'
import { failsafeGo } from '../../../../simulate/rivals/limiters/failsafe-go.ts'
import type { Answer, Limiter } from '../../../../simulate/rivals/limiters/limiter.ts'
import { answer, MS, options, SECOND } from './support.ts'

interface Windows {
  limiter: Limiter
  /** One window of 50 equal answers, the last of which closes it. */
  window(over: Partial<Answer>): number
}

function windows(first: number, max = 200): Windows {
  const limiter = failsafeGo(options({ first, max }))
  let endUs = 0
  return {
    limiter,
    window(over) {
      for (let i = 1; i < 50; i++) limiter.ended(answer(over), endUs)
      limiter.ended(answer(over), endUs + 1)
      endUs += 1 + SECOND
      return limiter.limit
    },
  }
}

/** Ten windows of 100 ms with 4 in flight: the limit stays at 5 x 4, the averages have warmed up. */
function warm(): Windows {
  const all = windows(20)
  for (let i = 0; i < 10; i++) all.window({ rttUs: 100 * MS, inFlight: 4 })
  return all
}

const level = { rttUs: 100 * MS, inFlight: 10 }

test('one more a window while there is no queue, as "should increase limit"', t => {
  const { window } = windows(20)
  t.is(window(level), 21)
  t.is(window({ ...level, rttUs: 50 * MS }), 22)
  t.is(windows(100).window({ ...level, inFlight: 50 }), 102)
})

test('one less while the queue is above 6, after three windows in five have shown it', t => {
  const { window } = warm()
  const slow = { rttUs: 400 * MS, inFlight: 4 }
  t.is(window(slow), 20)
  t.is(window(slow), 20)
  // Recent 100 x 2/3 + 400/3 = 200, base 100 x 9/11 + 200 x 2/11 = 118.2: ceil(20 (1 - .591)) = 9
  t.is(window(slow), 19)
  // Recent 266.7, base 145.2: ceil(19 (1 - .544)) = 9
  t.is(window(slow), 18)
})

test('held while the queue is from 3 to 6', t => {
  const { window } = warm()
  const slow = { rttUs: 190 * MS, inFlight: 4 }
  window(slow)
  window(slow)
  // Recent 130, base 105.5: ceil(20 (1 - .811)) = 4; 10 in flight would let it grow to 50.
  t.is(window({ ...slow, inFlight: 10 }), 20)
})

test('the averages are plain over ten windows, then the recent one follows faster', t => {
  const { window } = windows(20)
  for (let i = 0; i < 5; i++) window({ rttUs: 100 * MS, inFlight: 4 })
  // From the eighth on the median is 280 ms: recent 122.5, 140, 154, base 102.8, 106.9, 111.7: a queue of 6.
  for (let i = 0; i < 5; i++) t.is(window({ rttUs: 280 * MS, inFlight: 4 }), 20)
  // Recent 154 x 2/3 + 280/3 = 196, base 111.7 x 9/11 + 196 x 2/11 = 127: ceil(20 (1 - .648)) = 8
  t.is(window({ rttUs: 280 * MS, inFlight: 4 }), 19)
})

test('at the limit, one less where rtt grows with the requests in flight and throughput hardly does', t => {
  const last = (reached: boolean): number => {
    const { window } = warm()
    const slow = { rttUs: 200 * MS, inFlight: 5 }
    t.is(window(slow), 21)
    t.is(window(slow), 22)
    return window({ ...slow, reached })
  }
  // Recent 133.3, base 106.1: a queue of 5 alone would hold. Over 13 windows rtt goes with the requests in
  // flight by .53, throughput (4/100 ten times, 5/100 twice, 5/133) varies by .09.
  t.is(last(false), 22)
  t.is(last(true), 21)
})

test('never above five times what was in flight: up to it, down to it by steps', t => {
  const up = windows(9)
  t.deepEqual(
    [1, 2, 3].map(() => up.window({ ...level, inFlight: 2 })),
    [10, 10, 10],
  )
  const down = windows(20)
  t.deepEqual(
    [1, 2, 3].map(() => down.window({ ...level, inFlight: 1 })),
    [19, 18, 17],
  )
})

test('between 1 and the greatest', t => {
  t.is(windows(20, 20).window(level), 20)
  const slow = windows(2)
  const limits = [100, 100, 100, 100, 100, 100, 100, 100, 100, 900, 900, 900, 900].map(ms =>
    slow.window({ rttUs: ms * MS, inFlight: 1 }),
  )
  t.true(limits.every(limit => limit >= 1 && limit <= 5))
})

test('a window needs 50 answers and 1 s, or two of its least rtts, at most 30 s', t => {
  const few = failsafeGo(options())
  for (let i = 0; i < 49; i++) few.ended(answer(level), i * SECOND)
  t.is(few.limit, 20)
  const gapUs = (rttUs: number): number => {
    const limiter = failsafeGo(options())
    const feed = (nowUs: number): void => {
      for (let i = 0; i < 50; i++) limiter.ended(answer({ rttUs, inFlight: 20 }), nowUs)
    }
    feed(1)
    let nowUs = 1
    for (; limiter.limit === 21; nowUs += 100 * MS) feed(nowUs)
    return nowUs - 100 * MS - 1
  }
  t.deepEqual(
    [10 * MS, 2 * SECOND, 20 * SECOND].map(gapUs),
    [1100, 4100, 30_100].map(ms => ms * MS),
  )
})

test('p90 stands for a window, failed executions count', t => {
  const play = (shareSlow: number, ok: boolean): number => {
    const limiter = failsafeGo(options())
    for (let k = 0; k < 16; k++) {
      const slow = k < 10 ? 0 : shareSlow * 100
      for (let i = 0; i < 100; i++) {
        const rttUs = i < slow ? 400 * MS : 100 * MS
        limiter.ended(answer({ rttUs, inFlight: 4, ok }), k * 1.1 * SECOND + i * 10 * MS)
      }
    }
    return limiter.limit
  }
  t.is(play(0.05, true), 20)
  t.true(play(0.2, true) < 20)
  t.is(play(0.2, false), play(0.2, true))
})
