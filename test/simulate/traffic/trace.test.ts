import test from 'ava'
import fc from 'fast-check'
import { parseTrace, printTrace, TraceError, type Trace } from '../../../simulate/traffic/trace.ts'

const plain = { counts: null, contextTokens: null, generatedTokens: null }
const lines = (...all: string[]): string => `${all.join('\n')}\n`

const good: [string, string, Trace][] = [
  [
    'the Azure LLM traces, with the line ends of Windows',
    'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319600,3180,8\r\n',
    { atUs: [0, 52_000], counts: null, contextTokens: [4808, 3180], generatedTokens: [10, 8] },
  ],
  [
    'ISO times alone',
    lines('2024-02-28T23:59:59Z', '2024-02-29T00:00:01.5Z'),
    { ...plain, atUs: [0, 2_500_000] },
  ],
  [
    'an ISO time with its offset',
    lines('2024-01-01 01:00:00+01:00', '2024-01-01 00:00:02'),
    { ...plain, atUs: [0, 2e6] },
  ],
  ['seconds, by their name', lines('seconds', '5', '6.25'), { ...plain, atUs: [0, 1_250_000] }],
  ['ms, by their name', lines('arrival_ms', '5', '6.25'), { ...plain, atUs: [0, 1250] }],
  ['ms, by their name in brackets', lines('Time (ms)', '5', '7'), { ...plain, atUs: [0, 2000] }],
  [
    'seconds, by their point',
    lines('0.5', '0.75', '3'),
    { ...plain, atUs: [0, 250_000, 2_500_000] },
  ],
  [
    'ms since 1970, by their size',
    lines('1700158623979', '1700158623980'),
    { ...plain, atUs: [0, 1000] },
  ],
  [
    's since 1970',
    lines('timestamp', '1700158623.5', '1.7001586245e9'),
    { ...plain, atUs: [0, 1e6] },
  ],
  ['counts alone', lines('3', '0', '5'), { ...plain, atUs: [0, 1e6, 2e6], counts: [3, 0, 5] }],
  ['counts by name', lines('count', '3', '0'), { ...plain, atUs: [0, 1e6], counts: [3, 0] }],
  ['seconds and counts', lines('0,3', '2,5'), { ...plain, atUs: [0, 2e6], counts: [3, 5] }],
  [
    'seconds and counts by name, with a column that says nothing to us, quoted',
    lines('second,region,requests', '10,"a ""b"", c",3', '11,d,"5"'),
    { ...plain, atUs: [0, 1e6], counts: [3, 5] },
  ],
  [
    'times and tokens without names, a byte order mark, empty lines, no last line end',
    '\ufeff\n0.5,7,1\n\n0.6,8,2',
    { atUs: [0, 100_000], counts: null, contextTokens: [7, 8], generatedTokens: [1, 2] },
  ],
]

for (const [name, csv, trace] of good) test(name, t => t.deepEqual(parseTrace(csv), trace))

const bad: [string, string, string][] = [
  [
    'a time beyond whole us',
    lines('seconds', '5', '9e10'),
    'line 3: expected a time in seconds, got "9e10"',
  ],
  ['nothing', '', 'line 1: expected at least one row, got the end of the file'],
  ['a header alone', 'ms\n', 'line 2: expected at least one row, got the end of the file'],
  ['words', lines('ms', '5', 'soon'), 'line 3: expected a time in ms, got "soon"'],
  [
    'a first time of no kind that is known',
    lines('26/Nov/2026:10:00:00'),
    'line 1: expected a time: seconds, ms since 1970, or like 2023-11-16 18:17:03.97, got "26/Nov/2026:10:00:00"',
  ],
  [
    'columns apart by something else',
    lines('second;count', '1;2'),
    'line 2: expected columns with commas between them, got "1;2"',
  ],
  [
    'no such day',
    lines('2023-01-01 00:00:00', '2023-02-29 00:00:00'),
    'line 2: expected a time like 2023-11-16 18:17:03.97, got "2023-02-29 00:00:00"',
  ],
  [
    'back in time',
    lines('seconds', '5', '6', '5.9'),
    'line 4: expected a time not before that of the row before, got "5.9"',
  ],
  [
    'half a request',
    lines('3', '2.5'),
    'line 2: expected a whole number of requests, at most 1000000, got "2.5"',
  ],
  [
    'fewer than none',
    lines('3', '-2'),
    'line 2: expected a whole number of requests, at most 1000000, got "-2"',
  ],
  [
    'the same second twice',
    lines('4,3', '4,2'),
    'line 2: expected a time whole seconds after that of the row before, got "4"',
  ],
  [
    'half a second',
    lines('4,3', '5.5,2'),
    'line 2: expected a time whole seconds after that of the row before, got "5.5"',
  ],
  [
    'a column that is missing',
    lines('ms,ContextTokens', '5,6', '7'),
    'line 3: expected a whole number of tokens, at most 1000000000, got nothing',
  ],
]

for (const [name, csv, words] of bad) {
  test(`an error: ${name}`, t => {
    t.is(t.throws(() => parseTrace(csv), { instanceOf: TraceError }).message, words)
  })
}

test('errors by line, the first ten of them', t => {
  const error = t.throws(() => parseTrace(lines('ms', ...Array<string>(99).fill('x'))), {
    instanceOf: TraceError,
  })
  t.deepEqual(
    error.issues.map(({ path }) => path),
    Array.from({ length: 10 }, (_, i) => `line ${i + 2}`),
  )
})

test('more rows than are let in are an error', t => {
  t.is(parseTrace(lines('1', '2', '3'), 3).atUs.length, 3)
  const error = t.throws(() => parseTrace(lines('1', '2', '3', '4', '5'), 3), {
    instanceOf: TraceError,
  })
  t.is(error.message, 'line 4: expected at most 3 rows, got more')
})

const tokens = fc.integer({ min: 0, max: 1e9 })
const anyTrace: fc.Arbitrary<Trace> = fc
  .record({
    rows: fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 1e10 }),
        count: fc.integer({ min: 0, max: 1e6 }),
        context: tokens,
        generated: tokens,
      }),
      { minLength: 1, maxLength: 30 },
    ),
    counted: fc.boolean(),
    context: fc.boolean(),
    generated: fc.boolean(),
  })
  .map(({ rows, counted, context, generated }) => {
    let at = 0
    return {
      atUs: rows.map(({ gap }, i) => (at += i === 0 ? 0 : counted ? (1 + (gap % 99)) * 1e6 : gap)),
      counts: counted ? rows.map(({ count }) => count) : null,
      contextTokens: context ? rows.map(row => row.context) : null,
      generatedTokens: generated ? rows.map(row => row.generated) : null,
    }
  })

test('what is printed parses to the same', t => {
  fc.assert(fc.property(anyTrace, trace => t.deepEqual(parseTrace(printTrace(trace)), trace)))
})

const field = fc.oneof(
  fc.constantFrom(
    '',
    '"',
    '""',
    'ms',
    'count',
    'TIMESTAMP',
    '2023-11-16 18:17:03.97',
    '-1',
    '1e5',
    '1e99',
    'NaN',
    '0x1',
    '__proto__',
  ),
  fc.integer({ min: -5, max: 2e6 }).map(String),
  fc.double().map(String),
  fc.string({ maxLength: 12 }),
)
const csv = fc
  .array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 12 })
  .map(rows => rows.map(row => row.join(',')).join('\n'))

test('anything either parses to whole times that never fall, or is a TraceError that names a line', t => {
  fc.assert(
    fc.property(fc.oneof(csv, fc.string()), text => {
      try {
        const { atUs, counts, contextTokens, generatedTokens } = parseTrace(text)
        t.is(atUs[0], 0)
        t.true(atUs.every((us, i) => Number.isSafeInteger(us) && us >= (atUs[i - 1] ?? 0)))
        for (const column of [counts, contextTokens, generatedTokens]) {
          t.true(column === null || column.length === atUs.length)
        }
      } catch (error) {
        t.true(error instanceof TraceError)
        t.regex((error as Error).message, /^line \d+: expected .+, got /)
      }
    }),
    { numRuns: 3000 },
  )
})
