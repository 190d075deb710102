import fc from 'fast-check'
import test from 'ava'
import { Answers } from '../../../bench/path/load/answer.ts'
import { Histogram } from '../../../bench/path/load/histogram.ts'
import { OpenLoop, type Lane } from '../../../bench/path/load/open.ts'
import { eventOf, Events } from '../../../bench/path/load/sse.ts'

test('a quantile is at most 1 % above the value of that rank', t => {
  const value = fc.integer({ min: 0, max: 60_000_000_000 })
  const share = fc.constantFrom(0.01, 0.5, 0.99, 0.999, 1)
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), share, (values, asked) => {
      const histogram = new Histogram()
      for (const each of values) histogram.record(each)
      const exact = values.toSorted((a, b) => a - b)[Math.ceil(asked * values.length) - 1] ?? NaN
      const got = histogram.quantile(asked)
      return got >= exact && got <= exact * 1.01
    }),
  )
  t.is(new Histogram().quantile(0.5), NaN)
})

/** A lane that keeps its requests until it is told to answer. */
function lane(): Lane & { answer(good?: boolean): void; asked: number } {
  let waiting: ((good: boolean) => void) | null = null
  return {
    asked: 0,
    send(done) {
      this.asked++
      waiting = done
    },
    answer(good = true) {
      const done = waiting
      waiting = null
      done?.(good)
    },
  }
}

test('a request that found all lanes busy counts its wait: a stall is seen by all that it held up', t => {
  let now = 0
  const one = lane()
  const loop = new OpenLoop([one], () => now, 0)
  // One a ms; the first takes 100 ms, each other one none.
  for (let i = 0; i < 100; i++) loop.release(i * 1e6)
  t.is(one.asked, 1)
  now = 100e6
  for (let i = 0; i < 100; i++) one.answer()
  const { all, errors, p50, p99 } = loop.figures()
  t.deepEqual([all, errors, one.asked], [100, 0, 100])
  // A closed loop would have seen one slow request and 99 fast ones.
  t.true(p50 > 49_000 && p50 < 53_000, `p50 ${p50}`)
  t.true(p99 > 98_000 && p99 < 101_000, `p99 ${p99}`)
})

test('wrong answers and requests without any are errors; warm-up counts, but not its latency', t => {
  let now = 0
  const one = lane()
  const loop = new OpenLoop([one], () => now, 1000)
  for (const at of [0, 1000, 2000, 3000]) loop.release(at)
  now = 5_000_000
  one.answer()
  one.answer(false)
  now = 5_002_000
  one.answer()
  t.is(loop.unfinished, 1)
  const { all, errors, p50 } = loop.figures()
  t.deepEqual([all, errors], [2, 2])
  t.true(Math.abs(p50 - 5000) < 50, `p50 ${p50}`)
})

test('an answer is read however it is cut, with a length and in chunks', t => {
  const heads = 'HTTP/1.1 200 OK\r\nServer: x\r\n'
  const whole = {
    length: `${heads}Content-Length: 11\r\n\r\nhello\r\n\r\nyou`.slice(0, -1),
    chunks: `${heads}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0\r\n\r\n56789\r\n0\r\n\r\n`,
  }
  fc.assert(
    fc.property(fc.constantFrom('length', 'chunks'), fc.nat(100), fc.nat(100), (kind, a, b) => {
      const answers = new Answers()
      const text = whole[kind]
      const cuts = [a, b].map(cut => cut % text.length).toSorted((x, y) => x - y)
      const [first = 0, second = 0] = cuts
      const parts = [text.slice(0, first), text.slice(first, second), text.slice(second)]
      const verdicts = [...parts, ...parts].map(part => answers.take(Buffer.from(part)))
      return verdicts.every((verdict, i) => verdict === (i % 3 === 2 ? true : null))
    }),
  )
  t.pass()
})

test('another status, or more than the answer, is no good answer', t => {
  const take = (text: string): boolean | null => new Answers().take(Buffer.from(text))
  t.false(take('HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n'))
  t.false(take('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc'))
  t.is(take('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na'), null)
})

test('events are found however the stream is cut, and its end', t => {
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
  const times = [17, 1234567890123, 5]
  const body = `${times.map(at => chunk(eventOf(at))).join('')}0\r\n\r\n`
  const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`
  fc.assert(
    fc.property(fc.integer({ min: 1, max: text.length - 1 }), cut => {
      const events = new Events()
      const [first, second] = [events.take(text.slice(0, cut)), events.take(text.slice(cut))]
      const found = [...first.written, ...second.written]
      return !first.ended && second.ended && found.join() === times.join()
    }),
  )
  t.pass()
})
