import test from 'ava'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { canonical } from '../../../core/model/canonical.ts'

test('RFC 8785, 3.2.2 and 3.2.3: the example of the document', t => {
  const value = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  }
  t.is(
    canonical(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

test('RFC 8785, 3.2.3: keys are sorted by UTF-16 code units', t => {
  const value = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  t.deepEqual(JSON.parse(canonical(value)), value)
  const order = [...canonical(value).matchAll(/:"([A-Z][a-z]+)/g)].map(([, word]) => word)
  t.deepEqual(order, ['Carriage', 'One', 'Control', 'Latin', 'Euro', 'Emoji', 'Hebrew'])
})

test('RFC 8785, appendix B: numbers', t => {
  const samples: [number, string][] = [
    [-0, '0'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [9007199254740992, '9007199254740992'],
    [295147905179352830000, '295147905179352830000'],
    [9.999999999999997e22, '9.999999999999997e+22'],
    [1e23, '1e+23'],
    [0.000001, '0.000001'],
    [1e-7, '1e-7'],
    [Number('1424953923781206.25'), '1424953923781206.2'],
  ]
  for (const [value, text] of samples) t.is(canonical(value), text)
})

test('what JSON cannot carry is refused', t => {
  for (const bad of [
    undefined,
    NaN,
    Infinity,
    () => 1,
    1n,
    Symbol('x'),
    '\ud800',
    { a: undefined },
  ]) {
    t.throws(() => canonical(bad), { instanceOf: TypeError })
  }
})

test('the same bytes as another implementation, whatever the order of keys', t => {
  const value = fc.jsonValue({ stringUnit: 'grapheme' })
  fc.assert(
    fc.property(value, v => {
      t.is(canonicalize(v), canonical(v))
      t.is(canonical(reversed(v)), canonical(v))
      t.deepEqual(JSON.parse(canonical(v)), JSON.parse(JSON.stringify(v)))
    }),
  )
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, entry]) => [key, reversed(entry)]),
  )
}
