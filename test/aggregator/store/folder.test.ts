import test from 'ava'
import fc from 'fast-check'
import { Folder } from '../../../aggregator/store/folder.ts'
import { EMPTY_WINDOW, fold, windowOf } from '../../../core/model/window.ts'
import { busy } from '../samples.ts'

test('folding in place gives what folding one by one gives', t => {
  const part = fc
    .record({ served: fc.nat(50), us: fc.nat(2 ** 33), seq: fc.nat(100), n: fc.nat(5) })
    .map(({ served, us, seq, n }) =>
      windowOf(busy(served, us, { seq, start: seq * 1000, occupancy: [[n, 5, served, 1]] })),
    )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), parts => {
      const folder = new Folder()
      for (const one of parts) folder.add(one)
      t.deepEqual(folder.window(), parts.reduce(fold, EMPTY_WINDOW))
    }),
  )
})
