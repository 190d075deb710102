import test from 'ava'
import fc from 'fast-check'
import { offsetOf, Offsets, positionOf } from '../../../aggregator/store/position.ts'

test('a slow answer of a sender with our clock is no offset', t => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(5000), (out, back) => {
      t.is(offsetOf(1_000_000, 1_000_000 + out + back, 1_000_000 + out), 0)
    }),
  )
})

test('below a quarter of a second clocks are equal, above the middle of what may be is taken', t => {
  t.is(offsetOf(1000, 1010, 1200), 0)
  t.is(offsetOf(1000, 1010, 1305), -300)
  t.is(offsetOf(3_600_000, 3_600_020, 0), 3_600_010)
  t.is(positionOf(3_600_500, -3_600_000), 0)
})

test('an offset is kept for the life of a sender, until its clock is set anew', t => {
  const offsets = new Offsets()
  offsets.opened(10_000, 10_002, 0)
  t.is(offsets.of('one'), 10_001)
  offsets.opened(20_000, 20_900, 10_100)
  t.is(offsets.of('one'), 10_001, 'a slower answer moves no sample')
  t.is(offsets.of('two'), 10_350)
  offsets.opened(30_000, 30_002, 80_001)
  t.is(offsets.of('one'), -50_000)
  offsets.opened(30_000, 30_002, null)
  t.is(offsets.of('three'), 0)
})
