import test from 'ava'
import fc from 'fast-check'
import { planCalls } from '../../../../examples/three-models/agent/plan.ts'

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })

test('the same seed and request give the same three or four calls', t => {
  fc.assert(
    fc.property(uint32, fc.nat(1_000_000), (seed, request) => {
      const calls = planCalls(seed, request, 250)
      t.deepEqual(planCalls(seed, request, 250), calls)
      t.true(calls.length === 3 || calls.length === 4)
      t.true(calls.every(({ ms }) => Number.isInteger(ms) && ms >= 0))
    }),
  )
})

test('requests take the mean asked for, and differ', t => {
  const totals = Array.from({ length: 5_000 }, (_, request) =>
    planCalls(1, request, 250).reduce((sum, { ms }) => sum + ms, 0),
  )
  const mean = totals.reduce((sum, total) => sum + total, 0) / totals.length
  t.true(Math.abs(mean - 250) < 10, `${mean}`)
  t.true(new Set(totals).size > 100)
})
