import test from 'ava'
import fc from 'fast-check'
import { fieldsOf, isoUs, numberOf } from '../../../simulate/traffic/moment.ts'

const days = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
})

test('a moment is that of the engine', t => {
  fc.assert(
    fc.property(days, date => {
      t.is(isoUs(date.toISOString()), date.getTime() * 1000)
      t.is(
        isoUs(date.toISOString().replace('T', ' ').slice(0, 19)),
        Math.floor(date.getTime() / 1000) * 1e6,
      )
    }),
  )
  for (const year of [1900, 1970, 2000, 2023, 2024, 2100]) {
    for (const day of ['01-01', '02-28', '03-01', '12-31']) {
      const words = `${year}-${day}T12:34:56Z`
      t.is(isoUs(words), Date.parse(words) * 1000, words)
    }
  }
})

test('offsets and fractions', t => {
  const at = Date.parse('2023-11-16T18:17:03Z') * 1000
  t.is(isoUs('2023-11-16 18:17:03.9799609'), at + 979_960)
  t.is(isoUs('2023-11-16 18:17:03.5 UTC'), at + 500_000)
  t.is(isoUs('2023-11-16T20:17:03+02:00'), at)
  t.is(isoUs('2023-11-16T12:47:03-0530'), at)
})

test('no moments', t => {
  for (const words of [
    '',
    '2023-11-16',
    '2023-13-01 00:00:00',
    '2023-04-31 00:00:00',
    '1900-02-29 00:00:00',
    '2023-01-01 24:00:00',
    '2023-01-01 00:60:00',
    '2023-01-00 00:00:00',
    'now',
  ]) {
    t.is(isoUs(words), null, words)
  }
})

test('numbers from 0, and nothing that only looks like one', t => {
  t.deepEqual(['0', '12', '1.5', '1.', '1.7e9', '2E+3'].map(numberOf), [0, 12, 1.5, 1, 1.7e9, 2000])
  for (const words of [
    '',
    '-1',
    '.5',
    '1e99',
    '0x1',
    '1 2',
    'Infinity',
    '1,5',
    '99999999999999999',
  ]) {
    t.is(numberOf(words), null, words)
  }
})

test('fields', t => {
  t.deepEqual(fieldsOf('a, b ,,c'), ['a', 'b', '', 'c'])
  t.deepEqual(fieldsOf('"a,""b""",c,"'), ['a,"b"', 'c', ''])
})
