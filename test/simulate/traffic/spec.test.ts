import test from 'ava'
import { check, sentence } from '../../../core/model/schema.ts'
import { shapeOf, trafficSpec } from '../../../simulate/traffic/spec.ts'

const errors = (value: unknown): string[] => {
  const checked = check(trafficSpec, value)
  return checked.ok ? [] : checked.issues.map(sentence)
}

test('every shape, with what may stand beside it', t => {
  const good = [
    { constant: { rate: 12.5 } },
    { levels: { points: { '0s': 12, '300s': 120 } }, repeat: '600s' },
    { lines: { points: { '0s': 12, '5m': 120 } }, noise: 'none' },
    { step: { from: 4, to: 40, at: '300s' } },
    { step: { from: 4, to: 40, at: '300s', over: '0s' }, classes: [0.25, 0.75] },
    { ramp: { from: 10, to: 10_000, at: '10s', over: '60s' } },
    { square: { low: 1, high: 9, period: '2m', share: 0.2 } },
    { flash: { base: 5, peak: 200, at: '60s', decay: '90s' } },
    { diurnal: { low: 1, high: 50, period: '24h' }, noise: 'poisson' },
    { trace: { file: 'a.csv', scale: 2.5, speed: 10 } },
  ]
  for (const traffic of good) t.deepEqual(errors(traffic), [], JSON.stringify(traffic))
})

test('unknown keys are errors, beside a shape and within it', t => {
  t.deepEqual(errors({ constant: { rate: 1, rates: 2 }, repeats: '1s' }), [
    'constant.rates: expected a known key (rate), did you mean rate?, got "rates"',
    'repeats: expected a known key (constant, levels, lines, step, ramp, square, flash, diurnal, trace, repeat, noise, classes), did you mean repeat?, got "repeats"',
  ])
})

test('traffic has one shape', t => {
  const expected =
    'expected one shape (constant, levels, lines, step, ramp, square, flash, diurnal, trace)'
  t.deepEqual(errors({ noise: 'none' }), [`the whole: ${expected}, got none`])
  const two = { constant: { rate: 1 }, diurnal: { low: 1, high: 2, period: '1h' } }
  t.deepEqual(errors(two), [`the whole: ${expected}, got constant and diurnal`])
})

test('a number without its unit, a period of nothing, a share above 1: every error at once', t => {
  t.deepEqual(
    errors({ square: { low: -1, high: 2, period: '0s', share: 1.5 }, repeat: 60, noise: 'pink' }),
    [
      'square.low: expected requests a second, from 0 to 1000000, got -1',
      'square.period: expected a duration above 0 with its unit (ms, s, m, h), got "0s"',
      'square.share: expected a share from 0 to 1, got 1.5',
      'repeat: expected a duration above 0 with its unit (ms, s, m, h), got 60',
      'noise: expected one of poisson, none, got "pink"',
    ],
  )
  t.deepEqual(errors({ levels: { points: { 60: 1 } } }), [
    'levels.points.60: expected a duration with its unit (ms, s, m, h), got "60"',
  ])
})

test('shares of classes add up to 1', t => {
  const of = (classes: unknown): string[] => errors({ constant: { rate: 1 }, classes })
  t.deepEqual(of([0.1, 0.2, 0.7]), [])
  t.deepEqual(of([0.5, 0.4]), ['classes: expected shares that add up to 1, got 0.9'])
  t.deepEqual(of([]), ['classes: expected shares that add up to 1, got 0'])
  t.deepEqual(of([0.5, 'half']), ['classes[1]: expected a share from 0 to 1, got "half"'])
  t.deepEqual(of('all'), ['classes: expected a list of at most 100, got "all"'])
})

test('a shape carries its name', t => {
  t.deepEqual(shapeOf({ constant: { rate: 2 }, noise: 'none' }), { name: 'constant', rate: 2 })
})
