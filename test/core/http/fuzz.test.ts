import { readFileSync } from 'node:fs'
import test from 'ava'
import { compare, differences, fuzz, type Case } from './fuzz/fuzzer.ts'
import { ourAnswer, ourRequests } from './fuzz/ours.ts'

const corpus = JSON.parse(
  readFileSync(new URL('fuzz/corpus.json', import.meta.url), 'utf8'),
) as Case[]

test('50,000 streams: whatever ours accepts, the reference and llhttp read alike', t => {
  const { differences: found, taken, framings } = fuzz(50_000, 20_261_127)
  t.deepEqual(found, [])
  // A parser that refuses everything differs from nobody.
  t.true(taken > 40_000, String(taken))
  for (const kind of ['none', 'length', 'chunked']) {
    t.true((framings[kind] ?? 0) > 5000, JSON.stringify(framings))
  }
})

test('the corpus of what was met before is read alike', t => {
  t.true(corpus.length > 100)
  t.deepEqual(corpus.flatMap(differences), [])
})

test('caught: another target, another header, another framing, another body, one message more', t => {
  const stream = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'
  const our = ourRequests(stream, [])
  const [first] = our.messages
  if (first === undefined) return t.fail()
  const message = { ...first, kept: 'Host:a\n' }
  t.deepEqual(compare('it', our, { messages: [message], end: 'more' }), [])
  for (const change of [
    { what: 'POST /x' },
    { headers: ['Host', 'b'] },
    { framing: 'chunked' },
    { body: 'h' },
    { whole: false },
    { kept: 'Host:b\n' },
  ]) {
    t.is(compare('it', our, { messages: [{ ...message, ...change }], end: 'more' }).length, 1)
  }
  t.is(compare('it', our, { messages: [message, message], end: 'more' }).length, 1)
  t.is(compare('it', our, { messages: [], end: 'no' }).length, 1)
})

test('what is refused in a body is no difference, what waits for more is', t => {
  const bad = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx'
  t.deepEqual(compare('it', ourRequests(bad, []), { messages: [], end: 'no' }), [])
  const open = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh'
  t.is(compare('it', ourAnswer(open, false, []), { messages: [], end: 'no' }).length, 1)
})
