import test from 'ava'
import { Kept, Share } from '../../../core/carry/kept.ts'

test('clients share what may be kept: who adds to it when it is spent is told so, who gives back is not', t => {
  const all = new Kept(100)
  const [one, other] = [new Share(all), new Share(all)]
  t.true(one.hold(60))
  t.true(one.hold(60), 'no more than before')
  t.true(other.hold(40))
  t.false(other.hold(41))
  t.is(all.bytes, 101)
  t.true(one.hold(59), 'less')
  t.true(other.hold(0))
  t.true(other.hold(41))
  one.hold(0)
  other.hold(0)
  t.is(all.bytes, 0)
})
