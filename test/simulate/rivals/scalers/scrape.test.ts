import test from 'ava'
import { Random } from '../../../../simulate/random.ts'
import { sampleSize, scrape } from '../../../../simulate/rivals/scalers/scrape.ts'
import { pod } from './seen.ts'

// Knative Serving, pkg/autoscaler/metrics/sample_size_test.go.
test('how many are asked', t => {
  t.deepEqual([0, 1, 2, 5, 10, 100, 1000].map(sampleSize), [0, 1, 2, 4, 7, 14, 16])
})

test('some stand for all, old ones first', t => {
  const random = new Random(1)
  const of = { atMs: 100_000, youngMs: 60_000, random }
  const old = Array.from({ length: 4 }, (_, i) => pod({ name: `o${i}`, createdMs: 0 }))
  const young = Array.from({ length: 6 }, (_, i) => pod({ name: `y${i}`, createdMs: 50_000 }))
  // Seven of ten are asked: the four old ones and three of the young.
  const sum = scrape([...young, ...old], of, ({ name }) => (name.startsWith('o') ? 7 : 0))
  t.is(sum, (4 * 7 * 10) / 7)
  const all = scrape(old.slice(0, 3), of, () => 2)
  t.is(all, 6)
  t.is(
    scrape([], of, () => 2),
    0,
  )
})
