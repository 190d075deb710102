import test from 'ava'
import { Memory } from '../../controller/memory.ts'
import { Running, type Parts } from '../../controller/running.ts'
import { orderNumber, type Order } from '../../core/model/order.ts'
import { check } from '../../core/model/schema.ts'
import { defaults } from '../../core/model/settings.ts'

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
