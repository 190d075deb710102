import test from 'ava'
import fc from 'fast-check'
import { EDGE, frameOf, pathOf, ticks } from '../../../dashboards/explorer/frame.ts'

test('axes say round numbers, from 0 to what is needed', t => {
  t.deepEqual(ticks(10, 5), [0, 2, 4, 6, 8, 10])
  t.deepEqual(ticks(0.27, 4), [0, 0.1, 0.2, 0.3])
  t.deepEqual(ticks(1234, 4), [0, 500, 1000, 1500])
  t.deepEqual(ticks(0, 4).at(-1), 1)
})

test('every spot and the limit lie within the axes, whatever they are', t => {
  const spot = fc.tuple(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.double({ min: 0, max: 1e6, noNaN: true }),
  )
  const sizes = fc.integer({ min: 240, max: 2000 })
  fc.assert(
    fc.property(fc.array(spot), fc.integer({ min: 1, max: 1000 }), sizes, (spots, limit, width) => {
      const frame = frameOf(spots, limit, width, 260)
      return [...spots, [limit, 0] as const].every(([a, b]) => {
        const [x, y] = [frame.x(a), frame.y(b)]
        return x >= EDGE.left && x <= width - EDGE.right && y >= EDGE.top && y <= 260 - EDGE.bottom
      })
    }),
  )
  t.pass()
})

test('a path goes through its spots; more is further right and higher up', t => {
  const frame = frameOf([[10, 100]], 4, 640, 260)
  t.is(
    pathOf(
      [
        [0, 0],
        [10, 100],
      ],
      frame,
    ),
    `M${EDGE.left} ${260 - EDGE.bottom}L${640 - EDGE.right} ${EDGE.top}`,
  )
  t.is(pathOf([], frame), '')
})
