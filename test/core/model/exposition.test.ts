import test from 'ava'
import fc from 'fast-check'
import { fold, readExposition } from '../../../core/model/exposition.ts'

const wanted = new Set(['a:b', 'x', 'y_total'])
const read = (text: string) => readExposition(text, wanted)
const values = (text: string, name = 'x') =>
  read(text)
    .series.get(name)
    ?.map(one => one.value)

test('reads names with colons, labels with escapes, timestamps and exemplars', t => {
  const text = [
    'a:b{engine="0",model="C:\\\\m\\n\\"q\\"",} 3 1395066363000',
    'y_total{le="1"} 1.5e3 1758012131.4 # {trace_id="4bf9"} 0.67 1520879607.7',
    'x 2',
    'x { p = "1" , q="}" }4',
  ].join('\n')
  const { series, skipped, truncated } = read(`${text}\n`)
  t.deepEqual(
    [...(series.get('a:b')?.[0]?.labels ?? [])],
    [
      ['engine', '0'],
      ['model', 'C:\\m\n"q"'],
    ],
  )
  t.like(series.get('a:b')?.[0], { value: 3, at: 1_395_066_363_000 })
  t.like(series.get('y_total')?.[0], { value: 1500, at: 1_758_012_131.4 })
  t.deepEqual(
    series.get('x')?.map(one => one.value),
    [2, 4],
  )
  t.is(series.get('x')?.[1]?.labels.get('q'), '}')
  t.deepEqual([skipped, truncated], [0, false])
})

test('reads every form of a number', t => {
  for (const [text, number] of [
    ['NaN', Number.NaN],
    ['+Inf', Infinity],
    ['-Inf', -Infinity],
    ['inf', Infinity],
    ['-0.5', -0.5],
    ['1e+06', 1e6],
    ['.5', 0.5],
    ['7.', 7],
  ] as const) {
    t.deepEqual(values(`x ${text}\n`), [number], text)
  }
})

test('skips and counts what is outside the grammar', t => {
  for (const line of [
    'x',
    'x{} ',
    'x{a=b} 1',
    'x{a="b" c="d"} 1',
    'x{a="b} 1',
    'x{a="\\t"} 1',
    'x{,} 1',
    'x{a="1",a="2"} 1',
    'x one',
    'x 0x10',
    'x 1 2 3',
    'x 1 # no exemplar',
    'x 1e',
    '1x 1',
    '{"x"} 1',
    '<html>',
    `x{a="${'b'.repeat(20_000)}"} 1`,
  ]) {
    const { series, skipped } = read(`${line}\nx 5\n`)
    t.is(skipped, 1, line)
    t.deepEqual(
      series.get('x')?.map(one => one.value),
      [5],
      line,
    )
  }
})

test('tolerates CRLF, blank lines, comments and a last line without its end', t => {
  t.deepEqual(values('# HELP x y\r\n# hello\r\n\r\nx 1\r\nx{l="a"} 2\r\n  x{l="b"} 3'), [1, 2, 3])
})

test('stops at # EOF', t => {
  t.deepEqual(values('x 1\n# EOF\nx 2\n'), [1])
})

test('tells wanted families that are declared but empty', t => {
  const { seen, series } = read('# TYPE x gauge\n# TYPE other gauge\n')
  t.deepEqual([[...seen], series.size], [['x'], 0])
})

test('keeps to its bounds and never reads half a line', t => {
  const bounds = { maxBytes: 9, maxLines: 10 }
  t.deepEqual(readExposition('x 1\nx 12345\n', wanted, bounds).series.get('x')?.length, 1)
  t.true(readExposition('x 1\nx 12345\n', wanted, bounds).truncated)
  t.false(readExposition('x 1\nx 12', wanted, bounds).truncated)
  const lines = readExposition('x 1\nx 2\nx 3\n', wanted, { maxBytes: 1000, maxLines: 2 })
  t.deepEqual([lines.series.get('x')?.length, lines.truncated], [2, true])
})

test('folds by sum, largest and mean; numbers that are none are left out', t => {
  const series = read('x{a="1"} 1\nx{a="2"} 4\nx{a="3"} NaN\nx{a="4"} +Inf\n').series.get('x')
  t.deepEqual(
    (['sum', 'max', 'mean'] as const).map(how => fold(series, { how })),
    [5, 4, 2.5],
  )
  t.is(fold(read('x NaN\n').series.get('x'), { how: 'sum' }), null)
  t.is(fold(undefined, { how: 'max' }), null)
})

test('copies count once, and a label can be asked for', t => {
  const series = read(
    'x{dp="0",tp="0"} 3\nx{tp="1",dp="0"} 4\nx{dp="1",tp="0"} 5\nx{dp="1",tp="0",kind="k"} 9\n',
  ).series.get('x')
  const copies = new Set(['tp'])
  t.is(fold(series, { how: 'sum', copies, only: new Map([['kind', '']]) }), 9)
  t.is(fold(series, { how: 'sum', only: new Map([['kind', 'k']]) }), 9)
  t.is(fold(series, { how: 'sum', only: new Map([['kind', 'z']]) }), null)
})

const piece = fc.oneof(
  fc.constantFrom(
    'x',
    'a:b',
    '{',
    '}',
    '"',
    '\\',
    ',',
    '=',
    ' ',
    '\n',
    '\r\n',
    '# EOF',
    '# TYPE x',
    '1',
    'e',
    'NaN',
    'l="v"',
  ),
  fc.string({ unit: 'binary' }),
)

test('any text gives an answer, within the bounds', t => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 80 }), pieces => {
      const text = pieces.join('')
      const { series, skipped } = read(text)
      const found = [...series.values()].reduce((sum, all) => sum + all.length, 0)
      return found + skipped <= text.split('\n').length
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

const label = fc.tuple(fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/), fc.string({ unit: 'binary' }))
const escaped = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

test('what is written in the format is read back', t => {
  const number = fc.double({ noNaN: true })
  fc.assert(
    fc.property(
      fc.uniqueArray(label, { selector: ([name]) => name, maxLength: 5 }),
      number,
      (labels, value) => {
        const block = labels.map(([name, text]) => `${name}="${escaped(text)}"`).join(',')
        const shown = Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
        const [one] = read(`x{${block}} ${shown}\n`).series.get('x') ?? []
        t.deepEqual([...(one?.labels ?? [])], labels)
        t.true(one?.value === value)
      },
    ),
  )
})

test('garbage of any length takes no more than a moment', t => {
  const hostile = [
    'x ' + '1'.repeat(900_000),
    'x{a="' + '\\'.repeat(900_000),
    'x' + ' '.repeat(900_000),
    '"'.repeat(900_000),
  ]
  for (const line of hostile) t.is(read(`${line}\n`).series.size, 0)
})
