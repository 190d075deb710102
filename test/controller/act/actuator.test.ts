import test from 'ava'
import { Actuator, type Tried } from '../../../controller/act/actuator.ts'

const done: Tried = { done: true, again: false, words: '200' }
const later: Tried = { done: false, again: true, words: 'away' }
const refused: Tried = { done: false, again: false, words: '409' }

/** An actuator whose tries are answered by hand. */
function byHand(): {
  actuator: Actuator<number>
  tried: number[]
  superseded: number[]
  answers: [number, string, number][]
  delays: number[]
  answer(tried: Tried): Promise<void>
  /** The delay before the next try is over. */
  pass(): void
} {
  let timer: (() => void) | null = null
  const waiting: ((tried: Tried) => void)[] = []
  const out = {
    tried: [] as number[],
    superseded: [] as number[],
    answers: [] as [number, string, number][],
    delays: [] as number[],
  }
  const actuator = new Actuator<number>({
    attempt: want => {
      out.tried.push(want)
      return new Promise(resolve => waiting.push(resolve))
    },
    answered: (want, { words }, _ms, tries) => void out.answers.push([want, words, tries]),
    superseded: want => void out.superseded.push(want),
    after: (ms, run) => {
      out.delays.push(ms)
      timer = run
      return () => (timer = null)
    },
  })
  return {
    actuator,
    ...out,
    async answer(tried) {
      waiting.shift()?.(tried)
      await new Promise(resolve => setImmediate(resolve))
    },
    pass() {
      timer?.()
      timer = null
    },
  }
}

test('one try at a time, and the latest want wins', async t => {
  const { actuator, tried, superseded, answer } = byHand()
  for (const want of [1, 2, 3, 4]) actuator.hand(want)
  t.deepEqual(tried, [1])
  await answer(done)
  t.deepEqual(tried, [1, 4])
  t.deepEqual(superseded, [2, 3])
  await answer(done)
  t.deepEqual(tried, [1, 4])
})

test('a failed try is tried again while it is still wanted', async t => {
  const { actuator, tried, answers, answer, pass, delays } = byHand()
  actuator.hand(1)
  await answer(later)
  t.deepEqual(tried, [1], 'not at once')
  pass()
  t.deepEqual(tried, [1, 1])
  actuator.hand(2)
  await answer(later)
  t.deepEqual(tried, [1, 1, 2], 'the newer want, not the old one again')
  await answer(done)
  t.deepEqual(delays, [250])
  t.deepEqual(answers, [
    [1, 'away', 1],
    [1, 'away', 2],
    [2, '200', 1],
  ])
})

test('a refusal is not tried again', async t => {
  const { actuator, tried, answer } = byHand()
  actuator.hand(1)
  await answer(refused)
  t.deepEqual(tried, [1])
  actuator.hand(2)
  t.deepEqual(tried, [1, 2])
})

test('a stopped one does nothing more', async t => {
  const { actuator, tried, answers, answer } = byHand()
  actuator.hand(1)
  actuator.stop()
  await answer(later)
  actuator.hand(2)
  t.deepEqual(tried, [1])
  t.deepEqual(answers, [])
})
