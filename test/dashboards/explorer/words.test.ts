import test from 'ava'
import type { Decision } from '../../../dashboards/explorer/model.ts'
import {
  ago,
  changeOf,
  clock,
  count,
  duration,
  moment,
  noEndpoints,
  number,
  shortName,
} from '../../../dashboards/explorer/words.ts'

test('numbers are short, and a missing one is a dash', t => {
  const said = [null, 0, 0.04, 0.44, 7, 9.96, 12.4, 999, 1240, 99_999, 184_000].map(number)
  t.deepEqual(said, ['–', '0', '< 0.1', '0.4', '7', '10', '12', '999', '1,240', '99,999', '184k'])
})

test('durations are in the unit that people would say', t => {
  const said = [null, 0, 850, 12_000, 1_400_000].map(duration)
  t.deepEqual(said, ['–', '0 ms', '850 µs', '12 ms', '1.4 s'])
})

test('times are UTC', t => {
  const at = Date.UTC(2026, 2, 1, 15, 4, 5)
  t.is(clock(at), '15:04:05')
  t.is(moment(at), '2026-03-01 15:04:05 UTC')
  const told = [0, 1, 12, 90, 7200, 200_000].map(seconds => ago(at - seconds * 1000, at))
  t.deepEqual(told, ['now', 'now', '12 s ago', '2 min ago', '2 h ago', '2 d ago'])
  t.is(ago(at + 5000, at), 'now', 'a clock that is ahead')
})

test('a decision is said as its change', t => {
  const decision = (change: Partial<Decision>): string =>
    changeOf({
      id: 'x',
      seq: 1,
      now: 0,
      endpoint: 'local/a',
      what: 'replicas',
      action: 'up',
      from: 2,
      to: 4,
      act: true,
      sentence: '',
      ...change,
    })
  t.is(decision({}), 'Replicas 2 → 4')
  t.is(decision({ action: 'hold', to: 2 }), 'Replicas stay 2')
  t.is(decision({ what: 'limit', action: 'hold', from: 8, to: 8 }), 'Limit stays 8')
  t.is(decision({ what: 'limit', action: 'probe', from: 8, to: 8 }), 'Limit 8: compares')
})

test('names and counts', t => {
  t.is(shortName('local/digits'), 'digits')
  t.is(shortName('digits'), 'digits')
  t.deepEqual([count(1, 'hold'), count(3, 'hold')], ['1 hold', '3 holds'])
})

test('an empty table is waited for, or there is nothing to show', t => {
  t.is(noEndpoints(false), 'Waiting for the first numbers…')
  t.regex(noEndpoints(true), /^No endpoint yet: .*outrigger\.dev\/inject: "true"/)
})
