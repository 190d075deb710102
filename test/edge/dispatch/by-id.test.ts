import test from 'ava'
import fc from 'fast-check'
import { ById } from '../../../edge/dispatch/by-id.ts'

test('it holds what a Map would, whoever stays for how long', t => {
  const step = fc.record({
    add: fc.integer({ min: 0, max: 200 }),
    /** Of those that are there, by their place. */
    remove: fc.array(fc.nat(), { maxLength: 150 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), steps => {
      const all = new ById<string>()
      const model = new Map<number, string>()
      let id = 0
      for (const { add, remove } of steps) {
        for (let i = 0; i < add; i++, id++) {
          all.add(id, `of ${id}`)
          model.set(id, `of ${id}`)
        }
        for (const at of remove) {
          const gone = [...model.keys()][at % model.size] ?? id + 1
          all.delete(gone)
          model.delete(gone)
        }
      }
      t.is(all.size, model.size)
      for (let i = 0; i <= id; i++) t.is(all.get(i), model.get(i))
      t.deepEqual(all.values().toSorted(), [...model.values()].toSorted())
    }),
    { numRuns: 60 },
  )
})

test('one that stays keeps its place when thousands come and go', t => {
  const all = new ById<number>()
  all.add(0, 0)
  for (let id = 1; id <= 100_000; id++) {
    all.add(id, id)
    t.is(all.get(id), id)
    all.delete(id)
  }
  t.is(all.get(0), 0)
  t.is(all.size, 1)
  all.delete(0)
  t.deepEqual(all.values(), [])
})
