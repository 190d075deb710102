import test from 'ava'
import type { LimitState } from '../../../controller/decide/vertical.ts'
import {
  arms,
  begun,
  codes,
  comparing,
  decided,
  fold,
  given,
  seen,
  T0,
} from '../../support/limit-cases.ts'

/** Of one replica with so many in flight. */
const inUse = (memoryPermille: number, inFlight: number) => ({
  memoryPermille,
  inFlightMilli: inFlight * 1000,
})

test('memory: no limit that by what requests have taken so far would kill the model', t => {
  const better = arms([100, 200, 20], [125, 200, 25])
  // 300 idle, and 20 each of the 25 that the higher arm had: there is room for 32, whatever the mean of both arms is.
  const state = { ...comparing(20, 25), run: 1, memory: { inFlight: 0, permille: 300 } }
  const room = decided(state, seen(better, inUse(800, 22)), given, T0 + 30_000)
  t.is(room.outcome.to, 32)
  t.true(codes(room).includes('memory-room'))
  t.true((room.outcome.order?.probe?.other ?? 0) <= 32)
  const higher = decided(state, seen(better, inUse(980, 22)), given, T0 + 30_000)
  t.is(higher.outcome.to, 23, 'what 25 took is no reason to cut 20')
  const lower = { ...comparing(20, 16), memory: state.memory }
  const same16 = arms([100, 200, 20], [100, 160, 16])
  const over = decided(lower, seen(same16, inUse(980, 18)), given, T0 + 30_000)
  t.deepEqual([over.outcome.action, over.outcome.to], ['cut', 19])
  const same = decided(state, seen(better, inUse(300, 22)), given, T0 + 30_000)
  t.false(codes(same).includes('memory-room'))
})

test('memory: before it is known what requests take, it may be all that is in use, or a small step tells', t => {
  const first = [fold(1, 'none', 0, 3, 100, 100, 4)]
  t.is(decided(begun(given), seen(first, inUse(300, 4)), given, T0 + 4000).outcome.to, 12)
  const v = decided(begun(given), seen(first, inUse(700, 4)), given, T0 + 4000)
  t.is(v.outcome.to, 5)
  t.deepEqual(v.state.memory, { inFlight: 4, permille: 700 })
})

test('memory: what the model fills by itself is no bound, and only what requests take cuts', t => {
  const first = [fold(1, 'none', 0, 3, 100, 100, 4)]
  const full = decided(begun(given), seen(first, inUse(970, 4)), given, T0 + 4000)
  t.is(full.outcome.to, 5, 'a small step tells')
  const better = arms([100, 200, 20], [125, 200, 25])
  const room = (memory: LimitState['memory'], now: number): number =>
    decided(
      { ...comparing(20, 25), run: 1, memory },
      seen(better, inUse(now, 22)),
      given,
      T0 + 30_000,
    ).outcome.to
  t.is(room({ inFlight: 4, permille: 970 }, 970), 40, 'requests take nothing')
  t.is(
    room({ inFlight: 4, permille: 970 }, 980),
    35,
    'half a permille each, half of the rest is theirs',
  )
  t.true(room({ inFlight: 4, permille: 970 }, 995) < 20, 'they take what is left')
  // A cache that grew at the same count in flight: it is the base from now on.
  const grown = { ...begun(given), memory: { inFlight: 4, permille: 500 } }
  const v = decided(grown, seen(first, inUse(960, 4)), given, T0 + 10_000)
  t.deepEqual(v.state.memory, { inFlight: 4, permille: 960 })
  const soon = decided(grown, seen(first, inUse(960, 4)), given, T0 + 3000)
  t.deepEqual(soon.state.memory, { inFlight: 4, permille: 500 }, 'of the order before, maybe')
})

/** A first raise is due from `limit`, of which the windows tell this. */
function raising(limit: number, memory: LimitState['memory'], of: Parameters<typeof seen>[1]) {
  const state = begun(given)
  const order = state.order && { ...state.order, limit }
  const first = [fold(1, 'none', 0, 3, 100, 100, limit)]
  return decided({ ...state, limit, order, memory }, seen(first, of), given, T0 + 10_000)
}

test('memory: what is in use by its most is laid to the most in flight, which is above the mean', t => {
  // 34 each: the five that took 864 were three in the mean.
  const v = raising(7, { inFlight: 4, permille: 830 }, inUse(864, 3))
  t.deepEqual(v.state.memory, { inFlight: 4, permille: 830 }, 'no smaller count took more')
  const full = raising(7, { inFlight: 4, permille: 830 }, inUse(932, 7))
  t.is(full.outcome.to, 7, 'there is room for half of one')
})

test('memory: of a model that died nothing is learned, and nothing raised', t => {
  const memory = { inFlight: 3.954, permille: 891 }
  const v = raising(4, memory, { ...inUse(964, 0.02), ok: 5, server: 300 })
  t.deepEqual([v.outcome.to, v.state.memory], [4, memory])
  t.true(codes(v).includes('memory-room'))
  t.true((v.outcome.order?.probe?.other ?? 0) <= 4)
})
