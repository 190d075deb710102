import test from 'ava'
import type { Order } from '../../../core/model/order.ts'
import { Limit, parityOf, tooLate } from '../../../sidecar/admit/limit.ts'

const base: Order = {
  v: 1,
  endpoint: 'local/a',
  revision: 'r',
  limit: 20,
  objectiveUs: 1000,
  probe: null,
  latePermille: 50,
  queueUs: 0,
  epoch: 1,
  n: 1,
  decision: 'd',
  issued: 0,
}
const probe = { other: 30, slotSeconds: 5, settleSeconds: 2 }
const calm = { completed: 100, late: 0 }
const bad = { completed: 100, late: 50 }
const few = { completed: 3, late: 3 }
const idle = { completed: 0, late: 0 }

test('without an order the first limit holds, and no guard judges', t => {
  const limit = new Limit(4, 0)
  for (let i = 0; i < 30; i++) limit.second(bad)
  t.like(limit.state, { learned: 4, effective: 4, arm: 'none', guard: false, order: null })
})

test('an order holds from the next second on', t => {
  const limit = new Limit(4, 0)
  limit.take(base)
  t.is(limit.state.effective, 4)
  limit.second(bad)
  t.like(limit.state, { learned: 20, effective: 20, guard: false, order: { epoch: 1, n: 1 } })
})

test('arms alternate by slot from the first second after receipt; half of the replicas start with b', t => {
  for (const parity of [0, 1] as const) {
    const limit = new Limit(4, parity)
    limit.take({ ...base, probe })
    const seen = Array.from({ length: 15 }, () => limit.second(idle))
    const arms = seen.map(s => s.arm).join('')
    t.is(arms, parity === 0 ? 'aaaaabbbbbaaaaa' : 'bbbbbaaaaabbbbb')
    t.deepEqual(
      seen.map(s => s.slot),
      [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2],
    )
    t.deepEqual(
      seen.slice(0, 5).map(s => s.settling),
      [true, true, false, false, false],
    )
    t.true(seen.every(s => s.effective === (s.arm === 'a' ? 20 : 30) && !s.guard))
  }
})

test('names split evenly between the parities', t => {
  const names = Array.from({ length: 1000 }, (_, i) => `digits-${i}`)
  const odd = names.filter(name => parityOf(name) === 1).length
  t.true(odd > 430 && odd < 570, `${odd}`)
})

test('the guard cuts by a tenth and gives back by a twentieth', t => {
  const limit = new Limit(4, 0)
  limit.take(base)
  limit.second(idle)
  t.like(limit.second(bad), { effective: 18, guard: true, learned: 20 })
  t.like(limit.second(bad), { effective: 16, guard: true })
  t.is(limit.second(calm).effective, 17)
  for (let i = 0; i < 3; i++) limit.second(calm)
  t.like(limit.state, { effective: 20, guard: false })
})

test('the guard goes no lower than 1', t => {
  const limit = new Limit(4, 0)
  limit.take({ ...base, limit: 3 })
  for (let i = 0; i < 20; i++) limit.second(bad)
  t.is(limit.state.effective, 1)
})

test('ten completions are gathered before a verdict', t => {
  const limit = new Limit(4, 0)
  limit.take(base)
  limit.second(idle)
  for (let i = 0; i < 3; i++) t.is(limit.second(few).effective, 20)
  t.is(limit.second(few).effective, 18)
  // Nothing to judge: given back all the same, slowly.
  for (let i = 0; i < 9; i++) t.is(limit.second(idle).effective, 18)
  t.is(limit.second(idle).effective, 19)
})

test('an upward arm that did harm is not tried again under its order', t => {
  const limit = new Limit(4, 1)
  limit.take({ ...base, probe })
  limit.second(idle)
  t.like(limit.state, { arm: 'b', effective: 30 })
  t.like(limit.second(bad), { arm: 'b', effective: 20, guard: true })
  for (let i = 0; i < 9; i++) limit.second(calm)
  t.like(limit.state, { arm: 'b', slot: 2, effective: 20, guard: true })
  limit.take({ ...base, n: 2, probe })
  limit.second(calm)
  t.like(limit.state, { arm: 'b', slot: 0, effective: 30, guard: false })
})

test('a downward arm is cut as any other', t => {
  const limit = new Limit(4, 0)
  limit.take({ ...base, probe: { ...probe, other: 10 } })
  limit.second(idle)
  t.like(limit.second(bad), { arm: 'a', effective: 18, guard: true })
})

test('what the binomial explains is no verdict', t => {
  t.false(tooLate({ completed: 100, late: 11 }, 50))
  t.true(tooLate({ completed: 100, late: 12 }, 50))
  t.false(tooLate({ completed: 100, late: 0 }, 0))
  t.true(tooLate({ completed: 100, late: 1 }, 0))
  t.false(tooLate({ completed: 100, late: 100 }, 1000))
})
