import test from 'ava'
import fc from 'fast-check'
import { endToEnd, isRefusal, readHead, type Head } from '../../../core/http/head.ts'

const read = (raw: string[], rest: Partial<Parameters<typeof readHead>[0]> = {}) =>
  readHead({ version: '1.1', method: 'GET', target: '/', raw: ['Host', 'a', ...raw], ...rest })

const good = (raw: string[], rest = {}): Head => {
  const head = read(raw, rest)
  if (isRefusal(head)) throw new Error(head.why)
  return head
}
const status = (raw: string[], rest = {}): number => {
  const head = read(raw, rest)
  return isRefusal(head) ? head.status : 200
}

test('keeps end-to-end headers by lower-case name, repeated ones as lists', t => {
  const { headers } = good(['X-A', '1', 'x-a', '2', 'Cookie', 'c'])
  t.deepEqual(headers, { host: 'a', 'x-a': ['1', '2'], cookie: 'c' })
})

test('tells how long the body is, and copies no framing', t => {
  t.deepEqual(good([]).body, { kind: 'none' })
  t.deepEqual(good(['Content-Length', '12']).body, { kind: 'length', bytes: 12 })
  const chunked = good(['Transfer-Encoding', 'Chunked', 'Expect', '100-continue'])
  t.deepEqual(chunked.body, { kind: 'chunked' })
  t.true(chunked.expectsContinue)
  t.deepEqual(Object.keys(chunked.headers), ['host'])
})

test('targets: origin-form, * with OPTIONS, absolute-form of the same host', t => {
  t.is(good([], { target: '/a?b=/c' }).path, '/a')
  t.is(good([], { target: '*', method: 'OPTIONS' }).target, '*')
  t.is(good([], { target: 'http://A?x' }).target, '/?x')
  for (const target of ['*', 'a', '', 'http://b/', 'https://a/', '/a b', '/\u00e9', '/#f']) {
    t.is(status([], { target }), 400, target)
  }
})

test('our own headers are taken out, whatever their spelling', t => {
  const head = good(['X-Outrigger-Pass', 'p', 'x_outrigger_slots', '1', 'X-Outrigger-Reason', 'r'])
  t.deepEqual(head.own, { pass: 'p', reason: 'r' })
  t.deepEqual(head.headers, { host: 'a' })
})

test('framing that two servers may read differently is refused', t => {
  const wrong: [string[], number][] = [
    [['Content-Length', '1, 1'], 400],
    [['Content-Length', '0x1'], 400],
    [['Content-Length', '9'.repeat(16)], 400],
    [['Transfer-Encoding', 'chunked, chunked'], 400],
    [['Transfer-Encoding', 'deflate, chunked'], 501],
    [['Transfer_Encoding', 'chunked'], 400],
    [['Connection', 'close, host'], 400],
    [['Host', 'b'], 400],
    [['Expect', 'x'], 417],
  ]
  for (const [raw, expected] of wrong) t.is(status(raw), expected, raw.join(': '))
  t.is(status(['Transfer-Encoding', 'chunked'], { version: '1.0' }), 400)
})

const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/)
const pairs = fc.array(fc.tuple(token, fc.stringMatching(/^[ -~]{0,12}$/)), { maxLength: 20 })

test('whatever comes, nothing that is between two hops is passed on', t => {
  const hops = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']
  const mixed = fc.array(
    fc.tuple(fc.oneof(token, fc.constantFrom(...hops)), fc.stringMatching(/^[a-z ,]{0,12}$/)),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(mixed, list => {
      const head = read(list.flat())
      if (isRefusal(head)) return
      const named = list
        .filter(([name]) => name === 'connection')
        .flatMap(([, value]) => value.split(',').map(part => part.trim()))
      for (const name of [...hops, ...named, 'content-length', 'expect']) {
        t.false(Object.hasOwn(head.headers, name), name)
      }
    }),
  )
})

test('an answer loses what is between two hops, and nothing else', t => {
  fc.assert(
    fc.property(pairs, list => {
      const safe = list.filter(([name]) => name.startsWith('x-a'))
      const raw = ['Connection', 'close, x-hop', 'X-Hop', '1', ...safe.flat(), 'Trailer', 'x']
      t.deepEqual(endToEnd(raw), safe.flat())
    }),
  )
  t.deepEqual(endToEnd(['Transfer-Encoding', 'chunked', 'Content-Length', '3']), [])
  t.deepEqual(endToEnd(['Content-Length', '3', 'Connection', 'content-length']), [
    'Content-Length',
    '3',
  ])
})
