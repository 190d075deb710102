import test from 'ava'
import fc from 'fast-check'
import { Chunked } from '../../../core/http/chunked.ts'

/** The body that comes out, the bytes that are left over, or why not. */
function decoded(stream: string, size: number): { body: string; rest: string } | string {
  const chunked = new Chunked()
  let body = ''
  for (let from = 0; from < stream.length; from += size) {
    const piece = Buffer.from(stream.slice(from, from + size), 'latin1')
    const next = chunked.push(piece, 0)
    if (typeof next !== 'number') return next.why
    for (let i = 0; i < chunked.ranges.length; i += 2) {
      body += piece.toString('latin1', chunked.ranges[i], chunked.ranges[i + 1])
    }
    if (chunked.done) return { body, rest: stream.slice(from + next) }
  }
  return 'more'
}

test('however a body is put into chunks and cut, it comes out whole, and what follows is left', t => {
  const extension = fc.constantFrom('', ';a', ';a=b', ';a="b;\\"c"', ';a=b;c="";d')
  const trailer = fc.constantFrom('', 'X-T: 1\r\n', 'A:\r\nB: c\r\n')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 40 }), extension), { maxLength: 6 }),
      extension,
      trailer,
      fc.integer({ min: 1, max: 50 }),
      (parts, last, end, size) => {
        const bytes = parts.map(([part]) => Buffer.from(part).toString('latin1'))
        const chunks = parts.map(([, more], i) => {
          const part = bytes[i] ?? ''
          return `${part.length.toString(16)}${more}\r\n${part}\r\n`
        })
        const stream = `${chunks.join('')}0${last}\r\n${end}\r\nGET /`
        t.deepEqual(decoded(stream, size), { body: bytes.join(''), rest: 'GET /' })
      },
    ),
  )
})

test('sizes are exact: the largest that is taken, and one digit more', t => {
  t.is(decoded('fffffffffffff\r\nx', 100), 'more')
  t.is(decoded('ffffffffffffff\r\nx', 100), 'a chunk is too large')
})

test('extensions and trailers are bounded in all of a body', t => {
  t.is(decoded(`1;${'a'.repeat(5000)}\r\n`, 100), 'too many chunk extensions')
  t.is(decoded('1;a=bcdefgh\r\nx\r\n'.repeat(1000), 100), 'too many chunk extensions')
  t.is(decoded(`0\r\n${'A: b\r\n'.repeat(101)}\r\n`, 100), 'too many headers')
  t.is(decoded(`0\r\nA: ${'b'.repeat(9000)}\r\n\r\n`, 100), 'the head is too long')
})
