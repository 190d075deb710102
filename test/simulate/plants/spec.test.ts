import test from 'ava'
import { sentence } from '../../../core/model/schema.ts'
import { micros, readPlant } from '../../../simulate/plants/spec.ts'

const model = { kind: 'cores', cores: 8, work: { mean: '100ms', spread: 'lognormal', cv: 0.5 } }
const errors = (raw: unknown): string[] => {
  const checked = readPlant(raw)
  return checked.ok ? [] : checked.issues.map(sentence)
}

test('durations down to a microsecond', t => {
  t.deepEqual(
    ['150us', '0.5ms', '2ms', '3s', '1m', '1h', '0us'].map(micros),
    [150, 500, 2000, 3e6, 60e6, 3600e6, 0],
  )
  for (const bad of ['0.5us', '1.0005ms', '5', 5, '-1ms', 'ms', null]) t.is(micros(bad), null)
})

test('all keys', t => {
  const span = { from: '10s', until: '20s' }
  t.deepEqual(
    errors({
      model: { ...model, wait: { mean: '300ms', spread: 'exponential' }, cpu: false },
      classes: [1, 50],
      memory: { limit: 4096, base: 1024, each: 75, restart: '20s' },
      pauses: { every: '10s', for: '400ms' },
      neighbour: [{ ...span, speed: 0.5 }],
      cold: { factor: 5, for: '10s' },
      slow: { share: 0.1, factor: 3 },
      errors: [{ ...span, share: 0.5, after: '2ms' }],
      crashes: { ...span, every: '2s' },
    }),
    [],
  )
})

test('every error with what was expected and what was got', t => {
  t.deepEqual(errors({ model: { ...model, cores: 0, work: { mean: 100, cv: 1 } }, hue: 1 }), [
    'model.cores: expected a number from 0.01 to 10000, or such numbers by time, got 0',
    'model.work.mean: expected a duration above 0 with its unit (us, ms, s, m), got 100',
    'model.work.cv: expected a known key (mean, spread), got "cv"',
    'hue: expected a known key (model, classes, memory, pauses, neighbour, cold, slow, errors, crashes), got "hue"',
  ])
  t.deepEqual(errors({ model: { kind: 'gpu' } }), [
    'model.kind: expected one of cores, usl, batch, tokens, got "gpu"',
  ])
  t.deepEqual(errors({}), [
    'model: expected a mapping with kind: one of cores, usl, batch, tokens, got nothing',
  ])
  t.deepEqual(errors({ model: { ...model, work: { mean: '1s', spread: 'gamma' } } }), [
    'model.work.spread: expected one of fixed, uniform, exponential, lognormal, bimodal, got "gamma"',
  ])
  t.deepEqual(errors({ model: { ...model, work: { mean: '1s', spread: 'bimodal', share: 2 } } }), [
    'model.work.share: expected a share from 0 to 1, got 2',
    'model.work.factor: expected a number from 1 to 1000, got nothing',
  ])
})

test('what can not be is an error too', t => {
  const got = (more: object): string[] => errors({ model, ...more })
  t.deepEqual(got({ cold: { factor: 3 } }), [
    'cold: expected either requests or for, got a mapping',
  ])
  t.deepEqual(got({ neighbour: [{ from: '20s', until: '10s', speed: 0.5 }] }), [
    'neighbour[0]: expected a span that ends after it begins, got a mapping',
  ])
  t.deepEqual(got({ pauses: { every: '1s', for: '1s' } }), [
    'pauses: expected a pause shorter than what it comes again after, got a mapping',
  ])
  t.deepEqual(got({ memory: { limit: 100, base: 100, each: 1 } }), [
    'memory: expected a limit with room for a request, got a mapping',
  ])
  t.deepEqual(errors({ model: { ...model, cores: {} } }), [
    'model.cores: expected a number from 0.01 to 10000, or such numbers by time, got a mapping',
  ])
  t.deepEqual(errors({ model: { ...model, cores: { now: 3 } } }), [
    'model.cores.now: expected a duration with its unit (ms, s, m, h), got "now"',
  ])
})
