import test from 'ava'
import fc from 'fast-check'
import {
  fitUsl,
  uslThroughput,
  type LoadPoint,
  type Usl,
  type UslFit,
} from '../../../core/model/usl.ts'
import { Random } from '../../../simulate/random.ts'

const LEVELS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48]

function points(law: Usl, ns: readonly number[] = LEVELS, noise = (): number => 1): LoadPoint[] {
  return ns.map(n => ({ n, x: uslThroughput(law, n) * noise(), variance: 0.0004 }))
}

function fitted(given: readonly LoadPoint[]): UslFit {
  const fit = fitUsl(given)
  if (typeof fit === 'string') throw new Error(`no fit: ${fit}`)
  return fit
}

const near = (a: number, b: number, share = 1e-6): boolean =>
  Math.abs(a - b) <= share * Math.max(1e-3, Math.abs(a), Math.abs(b))

test("the law as the book has it: one alone, Amdahl's law without kappa, and a top", t => {
  t.is(uslThroughput({ lambda: 20, sigma: 0.1, kappa: 0.01 }, 1), 20)
  t.is(uslThroughput({ lambda: 1, sigma: 0.5, kappa: 0 }, 3), 1.5)
  const { peak } = fitted(points({ lambda: 10, sigma: 0.02, kappa: 5e-4 }))
  t.true(near(peak ?? 0, Math.sqrt(0.98 / 5e-4)), `${peak}`)
})

test('one core is sigma 1, and an ideal fleet sigma 0: each at its bound, without a top', t => {
  const core = fitted(points({ lambda: 25, sigma: 1, kappa: 0 }))
  t.true(near(core.lambda, 25) && near(core.sigma, 1))
  const ideal = fitted(points({ lambda: 3, sigma: 0, kappa: 0 }))
  t.true(near(ideal.lambda, 3) && ideal.sigma < 1e-6)
  t.is(fitted(points({ lambda: 3, sigma: 0.2, kappa: 0 })).misfit < 1e-6, true)
})

const laws = fc.record({
  lambda: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
  sigma: fc.double({ min: 0, max: 1, noNaN: true }),
  kappa: fc.double({ min: 0, max: 0.05, noNaN: true }),
})
const spread = fc
  .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 4, maxLength: 30 })
  .filter(ns => Math.max(...ns) >= 3 * Math.min(...ns))

test('exact points of any law give that law back, wherever they tell anything', t => {
  fc.assert(
    fc.property(laws, spread, (law, ns) => {
      const fit = fitUsl(points(law, ns))
      if (typeof fit === 'string') return fit === 'unsure'
      return ns.every(n => near(uslThroughput(fit, n), uslThroughput(law, n), 1e-4))
    }),
  )
  t.pass()
})

test('from one alone up the parameters themselves come back', t => {
  fc.assert(
    fc.property(laws, law => {
      const fit = fitted(points(law))
      return (
        near(fit.lambda, law.lambda, 1e-4) &&
        near(fit.sigma, law.sigma, 1e-3) &&
        near(fit.kappa, law.kappa, 1e-3)
      )
    }),
  )
  t.pass()
})

test('whatever comes, a fit is numbers within bounds; their order and unit change nothing', t => {
  const any = fc.array(
    fc.record({
      n: fc.double({ min: 0, max: 2000, noNaN: true }),
      x: fc.double({ min: 0, max: 1e6, noNaN: true }),
      variance: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(any, given => {
      const fit = fitUsl(given)
      const back = fitUsl(given.toReversed())
      if (typeof fit === 'string' || typeof back === 'string') return true
      const { lambda, sigma, kappa, errors, peak, misfit } = fit
      const numbers = [lambda, sigma, kappa, ...Object.values(errors), peak ?? 0, misfit]
      return (
        numbers.every(value => Number.isFinite(value) && value >= 0) &&
        lambda > 0 &&
        sigma <= 1 + 1e-9
      )
    }),
  )
  const law = { lambda: 7, sigma: 0.1, kappa: 0.002 }
  const given = points(law, LEVELS, noise(3, 0.05))
  const fit = fitted(given)
  const other = fitted(given.toReversed().map(point => ({ ...point, x: 1000 * point.x })))
  t.true(near(other.lambda, 1000 * fit.lambda))
  t.true(near(other.sigma, fit.sigma) && near(other.kappa, fit.kappa))
})

function noise(seed: number, deviation: number): () => number {
  const random = new Random(seed)
  return () => Math.exp(deviation * random.normal())
}

test('noisy points: the law is found about as far off as its standard errors say', t => {
  const law = { lambda: 40, sigma: 0.05, kappa: 0.001 }
  const off = { lambda: 0, sigma: 0, kappa: 0 }
  for (let seed = 1; seed <= 200; seed++) {
    const fit = fitted(points(law, LEVELS, noise(seed, 0.03)))
    for (const name of ['lambda', 'sigma', 'kappa'] as const) {
      if (Math.abs(fit[name] - law[name]) > 2 * fit.errors[name]) off[name]++
    }
  }
  // One in twenty is beyond two errors where they are right; a robust fit says a little less or more.
  for (const [name, count] of Object.entries(off)) t.true(count < 30, `${name} ${count} of 200`)
})

test('a point that is far off moves the law little', t => {
  const law = { lambda: 40, sigma: 0.05, kappa: 0.001 }
  for (let at = 0; at < LEVELS.length; at++) {
    const given = points(law, LEVELS, noise(at + 1, 0.01))
    const wrong = given.map((point, i) => (i === at ? { ...point, x: point.x * 4 } : point))
    const fit = fitted(wrong)
    for (const n of LEVELS) {
      const share = uslThroughput(fit, n) / uslThroughput(law, n)
      t.true(share > 0.85 && share < 1.2, `point ${at}: ${share} at ${n}`)
    }
  }
})

test('where concurrency hardly varied there is no law', t => {
  const law = { lambda: 40, sigma: 0.05, kappa: 0.001 }
  t.is(fitUsl([]), 'few')
  t.is(fitUsl(points(law, [1, 4, 9])), 'few')
  t.is(fitUsl(points(law, [20, 22, 24, 26, 28, 30])), 'spread')
  t.is(fitUsl(points(law, [1, 1.1, 1.2, 10, 10.1])), 'spread')
  // Nothing of one alone, and much noise.
  const far = [100, 200, 250, 300].map(n => ({ n, x: 50 * (1 + (n % 100) / 50), variance: 1 }))
  t.is(fitUsl(far), 'unsure')
})

test('a batcher, whose throughput grows faster than in proportion, is no such law and says so', t => {
  const given = [1, 2, 4, 8, 16].map(n => ({ n, x: n * n, variance: 0.0004 }))
  const fit = fitUsl(given)
  t.true(typeof fit === 'string' || fit.misfit > 0.3, JSON.stringify(fit))
})
