import test from 'ava'
import type { Ended } from '../../../simulate/plants/model.ts'
import { closedLoop } from './drive.ts'
import { replica } from './plant.ts'

const model = { kind: 'batch', most: 16, fixed: '30ms', each: '2ms' }
const rate = (count: number, more: object = {}): number =>
  closedLoop(replica({ model: { ...model, ...more } }), count, 600e6)
const ids = (ended: readonly Ended[]): number[] => ended.map(({ id }) => id)
const near = (value: number, expected: number): boolean => Math.abs(value / expected - 1) < 0.01

test('a batch of b takes fixed + each x b; more than fit wait for the next', t => {
  for (const b of [1, 4, 16]) t.true(near(rate(b), (b * 1000) / (30 + 2 * b)), `${b}`)
  t.true(near(rate(40), 16_000 / 62))
})

test('it begins when it is free, with what waits then, and all of a batch end together', t => {
  const batch = replica({ model })
  batch.start(0, 0, 0)
  t.is(batch.nextUs(), 0)
  t.deepEqual(batch.end(0), [])
  batch.start(1, 0, 1000)
  batch.start(2, 0, 2000)
  t.is(batch.nextUs(), 32_000)
  t.deepEqual(ids(batch.end(32_000)), [0])
  // One that is let in by that end goes along.
  batch.start(3, 0, 32_000)
  t.is(batch.nextUs(), 32_000)
  t.deepEqual(batch.end(32_000), [])
  t.is(batch.nextUs(), 32_000 + 36_000)
  t.deepEqual(ids(batch.end(68_000)), [1, 2, 3])
  t.is(batch.nextUs(), Infinity)
})

test('padded: 9 take as long as 16, 5 as 8, so throughput falls after each power of two', t => {
  t.true(near(rate(9, { padded: true }), 9000 / 62))
  t.true(near(rate(5, { padded: true }), 5000 / 46))
  t.true(rate(9, { padded: true }) < rate(8, { padded: true }))
  // No further than a full batch, where that is no power of two.
  t.true(near(rate(11, { padded: true, most: 12 }), 11_000 / 54))
})

test('noise leaves the mean as it is', t => {
  t.true(Math.abs(rate(16, { cv: 0.3 }) / (16_000 / 62) - 1) < 0.03)
})

test('the GPU is shown by the time it works', t => {
  const batch = replica({ model })
  t.is(batch.measure(0).gpuPermille, 0)
  batch.start(0, 0, 0)
  batch.end(0)
  t.deepEqual(ids(batch.end(32_000)), [0])
  t.is(batch.measure(64_000).gpuPermille, 500)
  t.is(batch.measure(100_000).gpuPermille, 0)
})

test('a batch costs what its requests cost on average', t => {
  const batch = replica({ model, classes: [1, 11] })
  batch.start(0, 0, 0)
  batch.start(1, 0, 0)
  batch.start(2, 1, 0)
  batch.end(0)
  t.is(batch.nextUs(), 30_000 + 3 * 2000 * ((1 + 1 + 11) / 3))
})
