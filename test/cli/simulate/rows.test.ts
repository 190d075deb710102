import test from 'ava'
import fc from 'fast-check'
import { ratioIn } from '../../../cli/simulate/columns.ts'
import { rowsOf } from '../../../cli/simulate/rows.ts'
import { tables } from '../../../cli/simulate/text.ts'
import { duration, number, span } from '../../../cli/simulate/words.ts'
import { made } from './support/made.ts'

const withBad = (policy: string, bad: number, limiter = 'outrigger') =>
  made({ policy, limiter, totals: { bad, offered: 10_000 } })

test('a row has shares, means and goodput of a run', t => {
  const [row] = rowsOf([made()])
  t.like(row, { policy: 'outrigger', limiter: 'outrigger', seeds: [1], spread: null, ratio: null })
  t.like(row?.mean, {
    requests: 1320,
    bad: 20 / 1320,
    lost: 10 / 1320,
    replicas: 5.5,
    replicaSeconds: 330,
    goodput: 20.5,
    wait95: 12_000,
    response50: 200_000,
    turns: 1,
  })
})

test('several seeds: mean and standard deviation', t => {
  const runs = [100, 200, 300].map((bad, i) =>
    made({ seed: i + 1, totals: { bad, offered: 1000 } }),
  )
  const [row, ...others] = rowsOf(runs)
  t.deepEqual(others, [])
  t.true(Math.abs((row?.mean.bad ?? 0) - 0.2) < 1e-12)
  t.true(Math.abs((row?.spread?.bad ?? 0) - 0.1) < 1e-12)
  t.is(row?.spread?.requests, 0)
})

test('a rival is compared with ours: capped at 100, a star where it is near zero', t => {
  const said = (ours: number, theirs: number): string =>
    ratioIn(rowsOf([withBad('outrigger', ours), withBad('kpa', theirs)])[1]?.ratio ?? null)
  t.is(said(100, 420), '4.2')
  t.is(said(100, 50), '0.5')
  t.is(said(10, 1000), '100')
  t.is(said(10, 1001), '100+')
  t.is(said(0, 500), '100+')
  t.is(said(0, 0), '-')
  t.is(said(1, 9), '9*', 'fewer than 10')
  t.is(said(5, 10), '2', 'a thousandth')
  t.is(said(0, 1), '100+*')
  const [ours, rival] = rowsOf([
    made({ totals: { bad: 500, offered: 100_000 } }),
    made({ policy: 'kpa', totals: { bad: 99, offered: 100_000 } }),
  ])
  t.is(ours?.ratio, null)
  t.true(rival?.ratio?.nearZero, 'below a thousandth')
  t.is(rowsOf([withBad('kpa', 5)])[0]?.ratio, null, 'ours did not run')
})

test('a rival is compared under its own limiter where ours ran with it too', t => {
  const rows = rowsOf([
    withBad('outrigger', 10),
    withBad('outrigger', 40, 'fixed-4'),
    withBad('static', 80, 'fixed-4'),
    withBad('static', 80, 'vegas'),
  ])
  t.deepEqual(
    rows.map(({ ratio }) => ratio?.value),
    [undefined, undefined, 2, 8],
  )
})

test('numbers have three digits that count, and times their unit', t => {
  const said = [0, 0.00001, 0.00081, 0.138, 2.05, 13.64, 99.96, 123.4, 1240, 1_234_567].map(number)
  t.deepEqual(said, [
    '0',
    '<0.0001',
    '0.00081',
    '0.138',
    '2.05',
    '13.6',
    '100',
    '123',
    '1,240',
    '1,234,567',
  ])
  t.deepEqual([0, 850, 12_000, 999_000, 1_400_000].map(duration), [
    '0 ms',
    '0.85 ms',
    '12 ms',
    '999 ms',
    '1.4 s',
  ])
  t.deepEqual([0, 45, 90, 300, 3600, 5400].map(span), [
    '0 s',
    '45 s',
    '90 s',
    '5 min',
    '1 h',
    '1 h 30 min',
  ])
  fc.assert(
    fc.property(fc.double({ min: 0.0001, max: 1e9, noNaN: true }), value => {
      const read = Number(number(value).replaceAll(',', ''))
      return Math.abs(read - value) <= value * 0.00501
    }),
  )
})

test('the table: a block for each scenario, columns in line, spreads below their means', t => {
  const outcomes = [
    {
      scenario: 'ramp',
      policy: 'outrigger',
      seed: 1,
      what: 'bad: expected 0 to 1, got 2',
      met: false,
    },
    { scenario: 'ramp', policy: 'outrigger', seed: 1, what: 'says demand', met: true },
  ]
  const text = tables(
    [
      made(),
      made({ policy: 'hpa-cpu', totals: { bad: 5 } }),
      made({ scenario: 'ramp', totals: { bad: 1 } }),
      made({ scenario: 'ramp', seed: 2, totals: { bad: 1 } }),
    ],
    outcomes,
  )
  const [step = '', ramp = ''] = text.split('\n\n')
  const lines = step.split('\n')
  t.is(lines[0], 'step: 1 min, seed 1')
  t.regex(
    lines[1] ?? '',
    /^POLICY +LIMITER +REQUESTS +BAD % .* WAIT P50 .* RESP P99 +GOOD\/S +TURNS +BAD \/ OURS$/,
  )
  t.regex(
    lines[2] ?? '',
    /^outrigger {2}outrigger +1,320 +1\.52 +0\.758 +33 +5\.5 +330 +0 ms +12 ms .* -$/,
  )
  t.regex(lines[3] ?? '', /^hpa-cpu {4}- .* 0\.25\*$/)
  t.is(new Set(lines.slice(1, 4).map(line => line.length)).size, 1)
  t.regex(lines[4] ?? '', /^\* The rival has hardly any/)
  t.deepEqual(
    ramp.split('\n').map(line => line.replace(/ {2}.*/, '')),
    [
      'ramp: 1 min, seeds 1 to 2',
      'POLICY',
      'outrigger',
      '',
      '± is the standard deviation over the seeds.',
      'Expected: 1 met, 1 missed.',
      '',
      '',
    ],
  )
  t.regex(
    ramp,
    /\n {2}missed {2}outrigger, seed 1: bad: expected 0 to 1, got 2\n {2}met {5}outrigger/,
  )
})
