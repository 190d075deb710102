import test from 'ava'
import fc from 'fast-check'
import { VIEWS, views } from '../../../../examples/three-models/digits/views.ts'

const CENTRE = 4
const images = fc.array(
  fc.array(fc.integer({ min: 0, max: 16 }), { minLength: 64, maxLength: 64 }),
  { minLength: 1, maxLength: 3 },
)

test('the view in the middle is the image itself, and no view leaves the range', t => {
  fc.assert(
    fc.property(images, input => {
      const out = views(input)
      t.is(out.length, input.length * VIEWS * 64)
      t.true(out.every(value => value >= 0 && value <= 16))
      input.forEach((image, at) => {
        const from = (at * VIEWS + CENTRE) * 64
        t.deepEqual(Array.from(out.slice(from, from + 64)), image)
      })
    }),
    { numRuns: 30 },
  )
})

test('a shift moves a quarter of the ink to the neighbour', t => {
  const image = Array.from({ length: 64 }, (_, at) => (at === 27 ? 16 : 0))
  const right = views([image]).slice(5 * 64, 6 * 64)
  t.is(right[27], 12)
  t.is(right[28], 4)
  t.is(
    right.reduce((sum, value) => sum + value, 0),
    16,
  )
})
