import test from 'ava'
import { Memory } from '../../controller/memory.ts'
import { MOST_RAISES, Raising, REACH } from '../../controller/raising.ts'
import { MOST_EPOCH, type OrderNumber } from '../../core/model/order.ts'
import { defaults } from '../../core/model/settings.ts'
import { Fleet, START, platformOf } from './support/fleet.ts'

/** What is seen where the replicas of each endpoint hold an order, and its samples have named an epoch. */
function seen(endpoints: Record<string, { order?: OrderNumber; epoch?: number }>) {
  const fleets = Object.keys(endpoints).map((name, i) => new Fleet(name, 1 + i, () => 5))
  return {
    platform: platformOf(fleets, 1, START),
    windows(name: string) {
      const { order = null, epoch = order?.epoch ?? 0 } = endpoints[name] ?? {}
      const windows = fleets.find(({ endpoint }) => endpoint === name)?.second(START, null)
      if (windows === undefined) return null
      return { ...windows, epoch, replicas: windows.replicas.map(row => ({ ...row, order })) }
    },
  }
}

function raising() {
  const refused: [string, number][] = []
  const made = new Raising((endpoint, epoch) => void refused.push([endpoint, epoch]))
  return { made, refused }
}

const memory = new Memory()

test("an order of our epoch that we never gave is someone else's", t => {
  const known = new Memory()
  const next = (order: OrderNumber, ours: number, from = known): number | null =>
    raising().made.next(seen({ 'local/a': { order } }), from, ours)
  t.is(next({ epoch: 1, n: 57 }, 1), 2, 'a lost log knows no order')
  t.is(next({ epoch: 1, n: 57 }, 2), null, 'an epoch later it is old')
  t.is(raising().made.next(seen({ 'local/a': {} }), known, 1), null)
  known.of('local/a', 'rev-1', defaults).order = { epoch: 1, n: 57 } as never
  t.is(next({ epoch: 1, n: 57 }, 1), null)
  t.is(next({ epoch: 1, n: 58 }, 1), 2)
})

test('above the greatest that is named, at once', t => {
  const { made, refused } = raising()
  const all = seen({ 'local/a': { epoch: 41 }, 'local/b': { epoch: 40 }, 'local/c': { epoch: 3 } })
  t.is(made.next(all, memory, 7), 42)
  t.is(made.next(all, memory, 42), null)
  t.deepEqual(refused, [])
})

test('a pod that lies raises the epoch once, by a bounded step', t => {
  const { made, refused } = raising()
  t.is(made.next(seen({ 'local/liar': { epoch: MOST_EPOCH - 1 } }), memory, 7), null)
  t.is(made.next(seen({ 'local/liar': { epoch: 7 + REACH } }), memory, 7), 8 + REACH)
  t.is(made.next(seen({ 'local/liar': { epoch: 9 + REACH } }), memory, 8 + REACH), null)
  t.is(made.next(seen({ 'local/liar': { order: { epoch: 9, n: 1e9 } } }), memory, 9), null)
  t.deepEqual(
    refused.map(([, epoch]) => epoch),
    [MOST_EPOCH - 1, 9 + REACH, 9],
  )
  const honest = { 'local/liar': { epoch: MOST_EPOCH - 1 }, 'local/b': { epoch: 12 } }
  t.is(made.next(seen(honest), memory, 9), 13, 'it does not hide what others say')
})

test('however many lie, the epoch is raised a bounded number of times', t => {
  const { made } = raising()
  let ours = 1
  for (let i = 0; i < 5 * MOST_RAISES; i++) {
    ours = made.next(seen({ [`local/x${i}`]: { epoch: ours + REACH } }), memory, ours) ?? ours
  }
  t.is(ours, 1 + MOST_RAISES * (REACH + 1))
})
