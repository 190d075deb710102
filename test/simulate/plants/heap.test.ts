import test from 'ava'
import fc from 'fast-check'
import { Heap } from '../../../simulate/plants/heap.ts'

test('gives back by time, equal times in the order in which they came', t => {
  const times = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 })
  fc.assert(
    fc.property(times, all => {
      const heap = new Heap<number>()
      all.forEach((time, i) => heap.push(time, i))
      const expected = all.map((time, i) => ({ time, i })).toSorted((a, b) => a.time - b.time)
      t.deepEqual(
        expected.map(() => ({ time: heap.time, i: heap.pop() })),
        expected,
      )
      t.is(heap.size, 0)
    }),
  )
})

test('the earliest stays on top while things come and go', t => {
  const step = fc.option(fc.integer({ min: 0, max: 50 }), { freq: 2 })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      const heap = new Heap<string>()
      let kept: { time: number; name: string }[] = []
      steps.forEach((time, i) => {
        if (time !== null) {
          heap.push(time, `${i}`)
          kept.push({ time, name: `${i}` })
        } else {
          const first = kept.toSorted((a, b) => a.time - b.time)[0]
          t.is(heap.pop(), first?.name)
          kept = kept.filter(each => each !== first)
        }
        t.is(heap.time, Math.min(Infinity, ...kept.map(each => each.time)))
        t.is(heap.size, kept.length)
      })
    }),
  )
})

test('one taken out of the middle leaves the others in order', t => {
  const times = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(times, fc.nat(), (all, pick) => {
      const heap = new Heap<number>()
      all.forEach((time, i) => heap.push(time, i))
      const out = pick % all.length
      t.true(heap.remove(out))
      t.false(heap.remove(out))
      const expected = all.map((time, i) => ({ time, i })).toSorted((a, b) => a.time - b.time)
      const left = expected.filter(({ i }) => i !== out)
      t.deepEqual(
        left.map(() => ({ time: heap.time, i: heap.pop() })),
        left,
      )
      t.is(heap.size, 0)
    }),
  )
})
