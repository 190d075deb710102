import test from 'ava'
import fc from 'fast-check'
import { ourAnswer, ourRequests, type Reading } from './fuzz/ours.ts'

/** One place reads where a message ends: what it says of a request it says of an answer with the same headers. */
const VALUES =
  '0|3|03|+3|3,3||9007199254740993|000000000000003|1e1| 3\t|3 |chunked|Chunked|gzip|gzip, chunked|chunked, chunked|chunked\t| chunked'.split(
    '|',
  )
const framing = fc.record({
  name: fc.constantFrom('Content-Length', 'Transfer-Encoding', 'content-length', 'X'),
  value: fc.constantFrom(...VALUES),
})

function said({ messages, end, status }: Reading): string {
  const [first] = messages
  return first === undefined ? `${status} ${end}` : `${first.framing} ${first.body}`
}

test('a request and an answer with the same headers end at the same byte, or are refused for the same reason', t => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.array(framing, { minLength: 1, maxLength: 3 }), headers => {
      const lines = headers.map(({ name, value }) => `${name}:${value}\r\n`).join('')
      const body = '3\r\nabc\r\n0\r\n\r\n'
      const request = said(ourRequests(`POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n${body}`, []))
      const answer = said(ourAnswer(`HTTP/1.1 200 OK\r\n${lines}\r\n${body}`, false, []))
      // Without any the one has no body, and the other lasts as long as its connection.
      const framed = /^(content-length|transfer-encoding):/im.test(lines)
      if (framed) t.is(answer, request)
      seen.add(request.split(' ')[0] ?? '')
    }),
    { numRuns: 3000 },
  )
  t.deepEqual([...seen].toSorted(), ['400', '501', 'chunked', 'length', 'none'])
})
