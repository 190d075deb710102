import test from 'ava'
import { sentence } from '../../../core/model/schema.ts'
import { defaults, readSettings, settingNames } from '../../../core/model/settings.ts'

const errors = (raw: Record<string, unknown>, at = ''): string[] =>
  readSettings(raw, at).issues.map(sentence)
const read = (raw: Record<string, unknown>): Record<string, unknown> => {
  const { settings, issues } = readSettings(raw)
  if (issues.length > 0) throw new Error(issues.map(sentence).join('\n'))
  return settings
}

test('nothing has to be set', t => {
  t.deepEqual(read({}), defaults)
  t.is(settingNames.length, Object.keys(defaults).length)
})

test('durations and shares are kept in whole units', t => {
  const settings = read({ 'latency-objective': '1.5s', 'target-utilization': 0.7, tolerance: 0 })
  t.is(settings['latency-objective'], 1500)
  t.is(settings['target-utilization'], 700)
  t.is(settings['tolerance'], 0)
})

test('an annotation, which is always a string, gives the same as YAML', t => {
  const yaml = {
    'max-replicas': 5,
    'target-utilization': 0.75,
    'scale-to-zero': true,
    freeze: 'limit',
    behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
  }
  const annotations = {
    'max-replicas': '5',
    'target-utilization': '0.75',
    'scale-to-zero': 'true',
    freeze: 'limit',
    behavior: '{"scaleDown": {"stabilizationWindowSeconds": 60}}',
  }
  t.deepEqual(read(annotations), read(yaml))
})

test('null takes a setting back to its default', t => {
  t.deepEqual(read({ 'max-replicas': null, behavior: null }), defaults)
})

test('a number without its unit, a wrong unit and a value out of bounds say what is right', t => {
  t.deepEqual(errors({ 'hold-at-zero': 30, 'decide-every': '5 sec', 'scale-down-window': '2h' }), [
    'hold-at-zero: expected a duration with its unit (ms, s, m, h) from 1s to 1h, got 30',
    'decide-every: expected a duration with its unit (ms, s, m, h) from 1s to 1m, got "5 sec"',
    'scale-down-window: expected a duration with its unit (ms, s, m, h) from 0ms to 1h, got "2h"',
  ])
  t.deepEqual(
    errors({ 'min-replicas': -1, 'max-replicas': 'many', tolerance: 10, freeze: 'yes' }),
    [
      'min-replicas: expected an integer from 0 to 10000, got -1',
      'max-replicas: expected an integer from 1 to 10000, got "many"',
      'tolerance: expected a share from 0 to 1, got 10',
      'freeze: expected one of none, limit, replicas, all, got "yes"',
    ],
  )
})

test('an unknown name is an error that guesses what was meant', t => {
  const guess = (name: string): string => errors({ [name]: 1 })[0] ?? ''
  t.is(
    guess('max-replica'),
    'max-replica: expected a known setting, did you mean max-replicas?, got "max-replica"',
  )
  t.regex(guess('maxReplicas'), /did you mean max-replicas\?/)
  t.regex(guess('colour'), /expected a known setting, got "colour"/)
  t.is(errors(JSON.parse('{"__proto__": 1}') as Record<string, unknown>).length, 1)
})

test('contradictions are errors, in the place that they stand', t => {
  t.deepEqual(errors({ 'min-replicas': 5, 'max-replicas': 3 }, 'endpoints.a.settings'), [
    'endpoints.a.settings.min-replicas: expected at most max-replicas (3), got 5',
  ])
  t.regex(errors({ 'min-replicas': 0 })[0] ?? '', /at least 1, or scale-to-zero: true/)
  t.deepEqual(errors({ 'min-replicas': 0, 'scale-to-zero': true }), [])
  t.regex(errors({ 'limit-min': 9, 'limit-max': 8 })[0] ?? '', /at most limit-max \(8\)/)
})

test('with an error the defaults hold, never half of what was asked', t => {
  t.deepEqual(readSettings({ 'max-replicas': 3, tolerance: 'x' }).settings, defaults)
})

test('a behavior block is checked to its depth', t => {
  t.deepEqual(
    errors({ behavior: { scaleUp: { policies: [{ type: 'Pod', value: 0 }], window: 3 } } }),
    [
      'behavior.scaleUp.policies[0].type: expected one of Pods, Percent, got "Pod"',
      'behavior.scaleUp.policies[0].value: expected an integer from 1, got 0',
      'behavior.scaleUp.policies[0].periodSeconds: expected an integer from 1 to 1800, got nothing',
      'behavior.scaleUp.window: expected a known key (stabilizationWindowSeconds, selectPolicy, policies, tolerance), got "window"',
    ],
  )
  t.regex(errors({ behavior: 'fast' })[0] ?? '', /behavior: expected a mapping, got "fast"/)
})
