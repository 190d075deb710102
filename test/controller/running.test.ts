import test from 'ava'
import { Memory } from '../../controller/memory.ts'
import { foreignOrder, Running, type Parts } from '../../controller/running.ts'
import { orderNumber, type Order, type OrderNumber } from '../../core/model/order.ts'
import { check } from '../../core/model/schema.ts'
import { defaults } from '../../core/model/settings.ts'
import { Fleet, START, platformOf } from './support/fleet.ts'

const given: Order = {
  v: 1,
  endpoint: 'local/a',
  revision: 'rev-1',
  limit: 4,
  objectiveUs: null,
  probe: null,
  latePermille: 50,
  queueUs: 1,
  epoch: 1,
  n: 57,
  decision: 'd-1',
  issued: 1,
}

/** What is seen where the replicas of an endpoint hold `order`. */
function seen(order: OrderNumber | null) {
  const fleet = new Fleet('local/a', 1, () => 5)
  const windows = fleet.second(START, null)
  const replicas = windows.replicas.map(row => ({ ...row, order }))
  return {
    platform: platformOf([fleet], 1, START),
    windows: () => ({ ...windows, replicas }),
  }
}

test("an order of our epoch that we never gave is someone else's", t => {
  const memory = new Memory()
  t.true(foreignOrder(seen({ epoch: 1, n: 57 }), memory, 1), 'a lost log knows no order')
  t.false(foreignOrder(seen({ epoch: 1, n: 57 }), memory, 2), 'an epoch later it is old')
  t.false(foreignOrder(seen(null), memory, 1))
  const remembered = memory.of('local/a', 'rev-1', defaults)
  remembered.order = given
  t.false(foreignOrder(seen({ epoch: 1, n: 57 }), memory, 1))
  t.true(foreignOrder(seen({ epoch: 1, n: 58 }), memory, 1))
})

test('no order has an epoch that no controller reaches', t => {
  t.true(check(orderNumber, { epoch: 2 ** 40, n: 1 }).ok)
  t.false(check(orderNumber, { epoch: 2 ** 40 + 1, n: 1 }).ok)
})

test('where another may have decided before, its orders go out anew in our epoch', t => {
  for (const shared of [true, false]) {
    const memory = new Memory()
    const remembered = memory.of('local/a', 'rev-1', defaults)
    remembered.order = { ...given, epoch: 3 }
    let written = 0
    const ledger = { epoch: 7, refresh: () => written++ }
    const parts = { ground: { shared }, journal: { ledger, memory }, log: () => undefined }
    t.truthy(new Running(parts as unknown as Parts))
    t.deepEqual([remembered.order.epoch, remembered.order.n], [shared ? 7 : 3, 57])
    t.is(written, shared ? 1 : 0, 'the log says so with the next decision')
  }
})
