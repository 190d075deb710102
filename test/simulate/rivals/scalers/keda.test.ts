import test from 'ava'
import { Keda, type KedaOptions } from '../../../../simulate/rivals/scalers/keda.ts'
import type { Second } from '../../../../simulate/rivals/scalers/scaler.ts'
import { pods, seen } from './seen.ts'

const SECOND = 1_000_000

/** Seconds until `to`, with what the front counts; gives [second, count] of each change. */
function run(
  options: KedaOptions,
  to: number,
  front: (s: number) => Partial<Second['front']>,
  first = 1,
): [number, number][] {
  const keda = new Keda(options)
  const changes: [number, number][] = []
  let desired = first
  for (let s = 1; s <= to; s++) {
    const asked = keda.second(seen(s * 1000, pods(desired), { desired, front: front(s) }))
    if (asked === null || asked === desired) continue
    changes.push([s, asked])
    desired = asked
  }
  return changes
}

const pending = (waiting: number, passed: number): Partial<Second['front']> => ({
  waitingEnd: waiting,
  waitingIntegral: waiting * SECOND,
  passedIntegral: passed * SECOND,
})

test('pending requests over the target of 100, at the syncs of an HPA without behavior', t => {
  // 900 pending: 9 pods, at most 4 or the double at one sync.
  t.deepEqual(
    run({ min: 1, max: 100 }, 60, () => pending(100, 800)),
    [
      [15, 4],
      [30, 8],
      [45, 9],
    ],
  )
})

test('within a tenth of the target nothing changes; down after 5 min', t => {
  const front = (s: number): Partial<Second['front']> =>
    s <= 100 ? pending(0, 540) : pending(0, 250)
  t.deepEqual(run({ min: 1, max: 100 }, 600, front, 5), [[405, 3]])
})

test('a target of requests per second: the mean of a minute', t => {
  const front = (): Partial<Second['front']> => ({ arrived: 30 })
  const options = { min: 1, max: 100, target: 10, metric: 'rate' as const }
  t.deepEqual(run(options, 60, front), [[15, 3]])
})

test('from zero at once, to zero 300 s after the last request, at a poll each 15 s', t => {
  const front = (s: number): Partial<Second['front']> =>
    s === 7 ? { arrived: 1, waitingEnd: 1 } : pending(0, s > 7 && s < 20 ? 1 : 0)
  t.deepEqual(run({ min: 0, max: 100 }, 400, front, 0), [
    [7, 1],
    [330, 0],
  ])
  // A minimum keeps it.
  t.deepEqual(
    run({ min: 1, max: 100 }, 700, () => ({}), 1),
    [],
  )
})
