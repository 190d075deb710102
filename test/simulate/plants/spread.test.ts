import test from 'ava'
import { draw, squaredCv, type Spread } from '../../../simulate/plants/spread.ts'
import { Random } from '../../../simulate/random.ts'
import { mean } from './drive.ts'

const spread = (shape: Spread['shape'], more: Partial<Spread> = {}): Spread => ({
  mean: 100,
  shape,
  cv: 0,
  share: 0,
  factor: 1,
  ...more,
})

test('each has the mean and the variance that it says', t => {
  for (const of of [
    spread('fixed'),
    spread('uniform'),
    spread('exponential'),
    spread('lognormal', { cv: 0.7 }),
    spread('bimodal', { share: 0.1, factor: 10 }),
  ]) {
    const random = new Random(3)
    const drawn = Array.from({ length: 100_000 }, () => draw(of, random))
    const average = mean(drawn)
    const variance = mean(drawn.map(x => (x - average) * (x - average)))
    t.true(Math.abs(average / 100 - 1) < 0.02, `${of.shape}: ${average}`)
    t.true(Math.abs(variance / 10_000 - squaredCv(of)) < 0.04, `${of.shape}: ${variance}`)
  }
})

test('uniform stays within half of its mean; bimodal has two values', t => {
  const random = new Random(1)
  const uniform = Array.from({ length: 1000 }, () => draw(spread('uniform'), random))
  t.true(Math.min(...uniform) >= 50 && Math.max(...uniform) < 150)
  const two = spread('bimodal', { share: 0.25, factor: 5 })
  const values = new Set(Array.from({ length: 100 }, () => draw(two, random)))
  t.deepEqual(
    Array.from(values).toSorted((a, b) => a - b),
    [50, 250],
  )
})
