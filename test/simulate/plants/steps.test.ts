import test from 'ava'
import fc from 'fast-check'
import {
  coldFor,
  coldOver,
  levels,
  pauses,
  span,
  Steps,
  type Part,
} from '../../../simulate/plants/steps.ts'

const at = (part: Part, now: number): number => {
  const steps = new Steps([part])
  steps.sync(now)
  return steps.value
}

test('a span, levels and pauses have their value at each time', t => {
  t.deepEqual(
    [9, 10, 19, 20].map(now => at(span(10, 20, 0.5), now)),
    [1, 0.5, 0.5, 1],
  )
  const cores = levels([
    { atUs: 20, value: 6 },
    { atUs: 5, value: 16 },
  ])
  t.deepEqual(
    [0, 5, 19, 20, 99].map(now => at(cores, now)),
    [16, 16, 16, 6, 6],
  )
  t.deepEqual(
    [2, 3, 4, 5, 12, 13].map(now => at(pauses(10, 2, 3), now)),
    [1, 0, 0, 1, 1, 0],
  )
})

test('parts multiply', t => {
  const steps = new Steps([span(0, 10, 0.5), span(5, 20, 0.5)])
  steps.sync(5)
  t.is(steps.value, 0.25)
  t.is(steps.untilUs, 10)
})

test('cold: the first request is so many times as slow, the last of them nearly not', t => {
  const byTime = coldFor(5, 1000)
  t.is(at(byTime, 7000), 1 / 5)
  t.is(at(byTime, 7500), 1 / 3)
  t.is(at(byTime, 8000), 1)
  const steps = new Steps([coldOver(5, 4)])
  const seen = Array.from({ length: 6 }, () => {
    steps.started()
    steps.sync(0)
    return 1 / steps.value
  })
  t.deepEqual(seen, [5, 4, 3, 2, 1, 1])
})

test('the next change is later than now, and until then nothing changes', t => {
  const time = fc.integer({ min: 0, max: 300 })
  const looks = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), {
    minLength: 1,
    maxLength: 20,
  })
  const parts = (a: number, b: number): Part[] => [
    span(a, a + b + 1, 0.3),
    levels([
      { atUs: 0, value: 2 },
      { atUs: b, value: 3 },
    ]),
    pauses(b + 2, 1, a),
    coldFor(4, a + 1),
  ]
  fc.assert(
    fc.property(time, time, looks, (a, b, times) => {
      const [steps, other] = [new Steps(parts(a, b)), new Steps(parts(a, b))]
      for (const now of times.toSorted((x, y) => x - y)) {
        steps.sync(now)
        t.true(steps.untilUs > now)
        // Just before its end it is as now.
        other.sync(now)
        other.untilUs = now
        const middle = now + (steps.untilUs - now) / 2
        // Where the two are neighbours among numbers there is none between them.
        if (middle < steps.untilUs) other.sync(middle)
        t.is(other.value, steps.value)
      }
    }),
  )
})
