import test from 'ava'
import { arrivalsOf, rateAt, readTrace, seeded } from '../../local/traffic/arrivals.ts'
import type { Traffic } from '../../local/traffic/plan.ts'

const nothing: Traffic = {
  endpoint: 'm',
  method: 'POST',
  path: '/',
  headers: {},
  bodies: [],
  bodiesFile: null,
  trace: null,
  perSecond: 0,
  surges: [],
}
const trace = 'examples/traces/azure-llm-conv-10min.csv'

test('a steady rate and surges add up', t => {
  const traffic = {
    ...nothing,
    perSecond: 10,
    surges: [{ atMs: 1000, forMs: 500, perSecond: 90, everyMs: 2000 }],
  }
  t.deepEqual(
    [0, 999, 1000, 1499, 1500, 3000, 3500].map(at => rateAt(traffic, at)),
    [10, 10, 100, 100, 10, 100, 10],
  )
})

test('arrivals come at the rate, in order, the same for the same seed', t => {
  const of = () => {
    const next = arrivalsOf({ ...nothing, perSecond: 50 }, seeded(7))
    return Array.from({ length: 1000 }, (_, i) => next(i * 20, (i + 1) * 20)).flat()
  }
  const arrivals = of()
  t.true(Math.abs(arrivals.length - 1000) < 130, `${arrivals.length} in 20 s at 50/s`)
  t.true(arrivals.every((arrival, i) => i === 0 || arrival.atMs >= (arrivals[i - 1]?.atMs ?? 0)))
  t.deepEqual(of(), arrivals)
})

test('a trace is replayed whole, once a round, however the time is cut', t => {
  const { rows, lengthMs } = readTrace(trace)
  const next = arrivalsOf({ ...nothing, trace: { file: trace, speed: 2, share: 1 } }, seeded(1))
  let sum = 0
  let from = -1
  for (let to = 0; from < lengthMs - 1; from = to, to = Math.min(lengthMs - 1, to + 977))
    sum += next(from, to).length
  t.is(sum, 2 * rows.length, 'at double speed, two rounds')
  t.true((rows[0]?.context ?? 0) > 0 && (rows[0]?.generated ?? 0) > 0)
})

test('a share above one sends rows more than once, below one leaves some out', t => {
  const { rows, lengthMs } = readTrace(trace)
  const count = (share: number): number =>
    arrivalsOf({ ...nothing, trace: { file: trace, speed: 1, share } }, seeded(3))(-1, lengthMs - 1)
      .length / rows.length
  t.true(Math.abs(count(0.5) - 0.5) < 0.03)
  t.true(Math.abs(count(2.5) - 2.5) < 0.03)
})
