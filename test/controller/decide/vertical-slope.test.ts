import test from 'ava'
import { Recorder } from '../../../core/model/histogram.ts'
import { log } from '../../../core/model/math.ts'
import { bestRatio, modelGain, modelSlope } from '../../../controller/decide/vertical/model.ts'
import { elasticityAt, observe, slopeAt } from '../../../controller/decide/vertical/slope.ts'
import { shareBelow } from '../../../controller/decide/vertical/evidence.ts'

const NOW = 1_700_000_000_000
const vague = { mean: 0, variance: 100 }

/** ln U = -k/2 (ln L - top)^2, measured with a standard error of 1 %. */
function point(limit: number, top: number, k: number): Parameters<typeof observe>[0] {
  const d = log(limit) - log(top)
  return { limit, lnX: 0.5 * log(limit), varX: 1e-4, lnU: (-k / 2) * d * d, varU: 1e-4 }
}

test('the line through observed slopes finds slope and curvature', t => {
  const pairs = [
    [20, 25],
    [25, 31],
    [31, 39],
    [39, 31],
  ] as const
  for (const k of [1, 3]) {
    const observations = pairs.map(([a, b]) => observe(point(a, 28, k), point(b, 28, k), NOW, 1))
    for (const at of [22, 28, 36]) {
      const fit = slopeAt(observations, log(at), NOW, vague)
      t.true(Math.abs(fit.slope - k * log(28 / at)) < 0.3, `${k} ${at} ${JSON.stringify(fit)}`)
      t.true(Math.abs(fit.curvature - k) < 1)
    }
    const e = elasticityAt(observations, log(28), NOW, { mean: 1, variance: 0.16 })
    t.true(Math.abs(e.mean - 0.5) < 0.1)
  }
})

test('old, far and demand-limited observations weigh little; without any the prior stays', t => {
  const prior = { mean: 0.4, variance: 0.04 }
  const o = observe(point(20, 5, 1), point(25, 5, 1), NOW, 1)
  t.is(slopeAt([], log(20), NOW, prior).slope, 0.4)
  t.true(slopeAt([o], log(22), NOW, prior).slope < 0)
  t.true(slopeAt([o], log(22), NOW + 7_200_000, prior).slope > 0.35)
  t.true(slopeAt([o], log(200), NOW, prior).slope > 0.35)
  const slack = observe(point(20, 5, 1), point(25, 5, 1), NOW, 0.1)
  t.true(slack.varX > o.varX + 0.8)
  t.true(slack.varU > o.varU + 0.8, 'throughput is in U')
})

test('the model: throughput pays where it grows, lateness costs, time costs a little', t => {
  const recorder = new Recorder()
  for (let i = 0; i < 1000; i++) recorder.add(100_000 + 100 * i)
  const h = recorder.take()
  const aim = (
    objectiveUs: number | null,
    price = 0.05,
  ): { objectiveUs: number | null; price: number } => ({ objectiveUs, price })
  t.true(Math.abs(modelGain(h, 1, 2, aim(1_000_000)) - log(2)) < 1e-6)
  t.is(bestRatio(h, 0.8, aim(1_000_000)), 2)
  t.is(bestRatio(h, 0, aim(1_000_000)), 0.35)
  t.true(bestRatio(h, 0, aim(210_000)) <= 0.71)
  t.true(modelSlope(h, 0.3, aim(null, 0.43)) < 0.01)
  t.true(modelSlope(h, 0.4, aim(null, 0.43)) > 0)
})

test('the share below a value is linear within a bucket', t => {
  t.is(shareBelow([], 5), 0.5)
  const recorder = new Recorder()
  for (let i = 0; i < 1000; i++) recorder.add(1000)
  t.true(shareBelow(recorder.take(), 2000) > 0.99)
})
