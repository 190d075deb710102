import test from 'ava'
import type { Model } from '../../../simulate/plants/model.ts'
import { closedLoop, drive, mean, poisson, type Past } from './drive.ts'
import { replica } from './plant.ts'

const response = (past: readonly Past[]): number => mean(past.map(p => p.endedUs - p.startedUs))
const near = (value: number, expected: number, share: number): boolean =>
  Math.abs(value / expected - 1) < share

/** Mean response of a plant with `cores`, each request 10 ms, in us. */
const responseOf = (cores: number, perSecond: number, spread: object): number => {
  const model = replica({ model: { kind: 'cores', cores, work: { mean: '10ms', ...spread } } })
  return response(drive(model, { untilUs: 1e9, gap: poisson(perSecond, 2) }).past)
}

test('one core: E[S] / (1 - rho), whatever the spread (M/G/1-PS; Kleinrock, Queueing Systems 2, 4.4)', t => {
  for (const spread of [
    { spread: 'fixed' },
    { spread: 'uniform' },
    { spread: 'exponential' },
    { spread: 'lognormal', cv: 1.5 },
    { spread: 'bimodal', share: 0.1, factor: 10 },
  ]) {
    const measured = responseOf(1, 60, spread)
    t.true(near(measured, 10_000 / 0.4, 0.05), `${spread.spread}: ${measured}`)
  }
})

test('four cores: as long as in a queue before four servers (M/M/4, Erlang C)', t => {
  // 3 Erlang on 4 servers: the chance to wait is 0.5094, the mean wait 0.5094 / (400 - 300) s.
  const expected = 10_000 + (0.5094 / 100) * 1e6
  const measured = responseOf(4, 300, { spread: 'exponential' })
  t.true(near(measured, expected, 0.03), `${measured}`)
})

test('with cores for all a request takes its work; throughput stops growing at the cores', t => {
  const knee = (): Model =>
    replica({ model: { kind: 'cores', cores: 20, work: { mean: '500ms', spread: 'uniform' } } })
  t.true(near(closedLoop(knee(), 10, 600e6), 20, 0.03))
  t.true(near(closedLoop(knee(), 20, 600e6), 40, 0.03))
  t.true(near(closedLoop(knee(), 60, 600e6), 40, 0.03))
})

test('CPU used is the work that was done, through pauses, neighbours and levels', t => {
  const work = { mean: '30ms', spread: 'lognormal', cv: 1 }
  const rest = {
    pauses: { every: '1s', for: '100ms' },
    neighbour: [{ from: '10s', until: '30s', speed: 0.3 }],
  }
  const spent = (cores: unknown, more: object): number => {
    const model = replica({ model: { kind: 'cores', cores, work }, ...more })
    const gap = poisson(50, 4)
    const { open } = drive(model, { untilUs: 1e9, gap: now => (now < 60e6 ? gap() : Infinity) })
    t.is(open, 0)
    return model.measure(1e9).cpu?.us ?? NaN
  }
  const alone = replica({ model: { kind: 'cores', cores: 10_000, work } })
  const gap = poisson(50, 4)
  const { past } = drive(alone, { untilUs: 1e9, gap: now => (now < 60e6 ? gap() : Infinity) })
  const all = past.reduce((sum, p) => sum + p.endedUs - p.startedUs, 0)
  t.true(past.length > 2500)
  t.true(Math.abs(spent(10_000, {}) - all) < 2)
  // The same works, drawn in the same order, whatever becomes of their pace: pauses draw one number before.
  t.true(Math.abs(spent(2, {}) - all) < 2)
  t.true(Math.abs(spent({ '0s': 1, '20s': 4 }, { neighbour: rest.neighbour }) - all) < 2)
  t.true(Math.abs(spent(2, rest) / spent(10_000, { pauses: rest.pauses }) - 1) < 1e-6)
})

test('CPU is told since the last look, with the cores there are; none where it is not CPU', t => {
  const model = replica({
    model: { kind: 'cores', cores: { '0s': 2, '1s': 0.5 }, work: { mean: '10s' } },
  })
  for (let id = 0; id < 3; id++) model.start(id, 0, 0)
  t.deepEqual(model.measure(500_000).cpu, { us: 1_000_000, quota: 2000 })
  t.deepEqual(model.end(1_000_000), [])
  t.deepEqual(model.measure(2_000_000).cpu, { us: 1_500_000, quota: 500 })
  const hidden = replica({
    model: { kind: 'cores', cores: 2, work: { mean: '10s' }, cpu: false },
  })
  t.is(hidden.measure(1).cpu, null)
})

test('contention: the formula, with its peak at sqrt((1 - sigma) / kappa)', t => {
  const [sigma, kappa] = [0.02, 0.0005]
  const peak = Math.round(Math.sqrt((1 - sigma) / kappa))
  const work = { mean: '100ms', spread: 'uniform' }
  const measured = [1, peak / 4, peak - 20, peak, peak + 20, peak * 4].map(n => {
    const model = replica({ model: { kind: 'usl', work, sigma, kappa } })
    const rate = closedLoop(model, n, 600e6)
    t.true(near(rate, (10 * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1)), 0.03), `${n}`)
    return rate
  })
  t.is(peak, 44)
  t.deepEqual(measured.toSorted((a, b) => b - a)[0], measured[3])
})

test('a class costs so many times the work', t => {
  const model = replica({
    model: { kind: 'cores', cores: 2, work: { mean: '10ms' } },
    classes: [1, 50],
  })
  model.start(0, 1, 0)
  model.start(1, 0, 0)
  t.is(model.nextUs(), 10_000)
  t.deepEqual(model.end(10_000), [{ id: 1, ok: true, tokens: 0 }])
  t.is(model.nextUs(), 500_000)
})

test('told that a client has left, a model stops work on its request, or works on for nobody', t => {
  const model = (stops: boolean): Model =>
    replica({ model: { kind: 'cores', cores: 1, work: { mean: '10ms' }, stops } })
  const [stops, goesOn] = [model(true), model(false)]
  for (const each of [stops, goesOn]) {
    each.start(0, 0, 0)
    each.start(1, 0, 0)
  }
  t.true(stops.leave?.(0, 10_000))
  t.false(goesOn.leave?.(0, 10_000))
  // Half of the other one's work is done: it has the core alone, or goes on sharing it.
  t.is(stops.nextUs(), 15_000)
  t.is(goesOn.nextUs(), 20_000)
  t.deepEqual(stops.end(15_000), [{ id: 1, ok: true, tokens: 0 }])
  t.false(stops.leave?.(1, 15_000))
})

test('what stops no longer counts as memory', t => {
  const model = replica({
    model: { kind: 'cores', cores: 1, work: { mean: '10ms' }, stops: true },
    memory: { limit: 100, base: 0, each: 60 },
  })
  model.start(0, 0, 0)
  t.true(model.leave?.(0, 1000))
  model.start(1, 0, 2000)
  t.is(model.downUntilUs(2000), null)
  t.deepEqual(model.end(12_000), [{ id: 1, ok: true, tokens: 0 }])
})
