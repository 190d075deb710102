import test from 'ava'
import { check, sentence } from '../../../core/model/schema.ts'
import { alone, capacity, mixOf } from '../../../simulate/plants/capacity.ts'
import { drawnPlant } from '../../../simulate/plants/drawn.ts'
import { makeModel } from '../../../simulate/plants/make.ts'
import { readPlant } from '../../../simulate/plants/spec.ts'
import { trafficSpec } from '../../../simulate/traffic/spec.ts'
import { Random } from '../../../simulate/random.ts'
import { us } from '../../../simulate/words.ts'

const drawn = Array.from({ length: 600 }, (_, seed) => drawnPlant(seed))
const rateOf = ({ traffic }: (typeof drawn)[number]): number =>
  traffic.constant?.rate ?? Math.max(...Object.values(traffic.levels?.points ?? {}))

test('a seed gives its plant, always the same', t => {
  for (let seed = 0; seed < 50; seed++) t.deepEqual(drawnPlant(seed), drawn[seed])
  t.is(new Set(drawn.map(each => JSON.stringify(each))).size, drawn.length)
})

test('all are well written, with one share for each class', t => {
  for (const { plant, traffic, about } of drawn) {
    for (const checked of [readPlant(plant), check(trafficSpec, traffic)])
      t.deepEqual(checked.ok ? [] : checked.issues.map(sentence), [], about)
    t.is(plant.classes?.length ?? 1, traffic.classes?.length ?? 1, about)
  }
})

test('load and objective are within what is said of them', t => {
  for (const one of drawn) {
    const mix = mixOf(one.plant.classes ?? [1], one.traffic.classes ?? [1])
    const { us: mean, cv } = alone(one.plant.model, mix)
    const usual = mean * (1 + cv) * (one.family === 'batch' ? 2 : 1)
    const times = us(one.objective) / usual
    t.true(times > 1.4 && (times < 8.1 || one.objective === '5ms'), `${one.about} ${times}`)
    const { perSecond } = capacity(one.plant, mix.mean, mean * times * 1.01)
    t.true(perSecond >= 0.3, one.about)
    t.true(rateOf(one) > 0.45 * perSecond && rateOf(one) < 3000, one.about)
    // The objective is told in whole ms, which moves what is carried within it a little.
    const less = capacity(one.plant, mix.mean, mean * times * 0.9)
    t.true(rateOf(one) < 2.05 * perSecond || rateOf(one) < 2.6 * less.perSecond, one.about)
  }
})

test('all families and all that may befall a plant are there, none of them rare', t => {
  const count = (has: (one: (typeof drawn)[number]) => boolean): number => drawn.filter(has).length
  for (const family of ['cpu', 'knee', 'waits', 'contention', 'batch', 'llm'])
    t.true(count(one => one.family === family) > 60, family)
  for (const key of ['pauses', 'neighbour', 'cold', 'slow', 'errors', 'memory', 'classes'] as const)
    t.true(count(one => one.plant[key] !== undefined) > 30, key)
  t.true(count(one => one.traffic.levels !== undefined) > 100)
  t.true(
    count(({ plant: { model } }) => model.kind === 'cores' && typeof model.cores !== 'number') > 20,
  )
})

test('where some replicas are slow there are as many as it takes to have one', t => {
  for (const { plant, replicas = 1, about } of drawn) {
    const { slow } = plant
    if (slow === undefined) continue
    // The same request on each.
    const work = { mean: '100ms' }
    const model = { kind: 'cores', cores: 1, work } as const
    const times = Array.from({ length: replicas }, (_, number) => {
      const one = makeModel({ model, slow }, number, new Random(1))
      one.start(0, 0, 0)
      return one.nextUs()
    })
    t.true(Math.max(...times) > 140_000 && Math.min(...times) === 100_000, about)
  }
})
