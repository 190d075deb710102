import test from 'ava'
import fc from 'fast-check'
import type { Passed } from '../../../../simulate/path/gate.ts'
import type { Request } from '../../../../simulate/path/request.ts'
import { queueProxy } from '../../../../simulate/rivals/fronts/queue-proxy.ts'
import { server } from '../../../../simulate/rivals/fronts/server.ts'
import { Slots } from '../../../../simulate/rivals/fronts/slots.ts'
import { ids, request } from './requests.ts'

const SECOND = 1_000_000

test('as many as there are slots, then a line in order, then nobody', t => {
  const gate = new Slots(2, 1, Infinity)
  const [a, b, c, d] = [request(1), request(2), request(3), request(4)]
  t.deepEqual(ids(gate.arrive(a, 0).start), [1])
  t.deepEqual(ids(gate.arrive(b, 0).start), [2])
  t.deepEqual(gate.arrive(c, 0), { start: [], refuse: [] })
  t.deepEqual(ids(gate.arrive(d, 0).refuse), [4])
  t.is(gate.inFlight, 2)
  t.is(gate.waiting, 1)
  t.deepEqual(ids(gate.ended(a, true, 1).start), [3])
  t.is(gate.waiting, 0)
})

test('one that goes away leaves the line, or gives its slot to the next', t => {
  const gate = new Slots(1, 10, Infinity)
  const [a, b, c] = [request(1), request(2), request(3)]
  for (const one of [a, b, c]) gate.arrive(one, 0)
  t.deepEqual(gate.left(b, 1), { start: [], refuse: [] })
  t.deepEqual(ids(gate.left(a, 1).start), [3])
  // Gone is gone.
  t.deepEqual(gate.ended(a, true, 2), { start: [], refuse: [] })
  t.is(gate.inFlight, 1)
})

// Knative Serving, pkg/queue/sharedmain/main.go: depth 10 x containerConcurrency; breaker.go: beyond it 503.
test('a queue-proxy holds eleven times containerConcurrency, each for 300 s', t => {
  const gate = queueProxy(3)
  const all = Array.from({ length: 34 }, (_, i) => gate.arrive(request(i), 0))
  t.is(all.filter(({ start }) => start.length > 0).length, 3)
  t.is(all.filter(({ refuse }) => refuse.length > 0).length, 1)
  t.is(gate.waiting, 30)
  t.is(gate.nextUs(), 300 * SECOND)
  t.is(gate.wake(300 * SECOND).refuse.length, 30)
  t.is(gate.nextUs(), Infinity)
})

test('without containerConcurrency it lets all through', t => {
  const gate = queueProxy(0)
  for (let i = 0; i < 5000; i++) t.is(gate.arrive(request(i), 0).start.length, 1)
})

test("a server's backlog is 2048, without end", t => {
  const gate = server(1)
  for (let i = 0; i < 2049; i++) gate.arrive(request(i), 0)
  t.is(gate.waiting, 2048)
  t.is(gate.arrive(request(5000), 0).refuse.length, 1)
  t.is(gate.nextUs(), Infinity)
})

test('none is lost or given twice, bounds hold, who waits starts in order', t => {
  const step = fc.tuple(fc.constantFrom('arrive', 'end', 'leave', 'wake'), fc.nat(50), fc.nat(3))
  const sizes = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(6))
  fc.assert(
    fc.property(sizes, fc.array(step, { maxLength: 200 }), ([limit, depth], steps) => {
      const gate = new Slots(limit, depth, 10)
      const inside = new Map<number, Request>()
      const started = new Set<number>()
      let lastId = 0
      let now = 0
      let newest = 0
      const take = ({ start, refuse }: Passed): void => {
        for (const { id } of start) {
          if (!inside.has(id) || started.has(id)) throw new Error(`${id} started twice`)
          if (id < newest) throw new Error(`${id} out of order`)
          newest = id
          started.add(id)
        }
        for (const { id } of refuse) {
          if (started.has(id) || !inside.delete(id)) throw new Error(`${id} refused twice`)
        }
      }
      for (const [what, which, wait] of steps) {
        now += wait
        const there = [...inside.values()].filter(({ id }) => what !== 'end' || started.has(id))
        const one = there[which % Math.max(1, there.length)]
        if (what === 'arrive') {
          const next = request(++lastId, now)
          inside.set(next.id, next)
          take(gate.arrive(next, now))
        } else if (what === 'wake') {
          if (gate.nextUs() <= now) take(gate.wake(now))
        } else if (one !== undefined) {
          inside.delete(one.id)
          started.delete(one.id)
          take(what === 'end' ? gate.ended(one, true, now) : gate.left(one, now))
        }
        if (gate.inFlight !== started.size || gate.inFlight > limit) throw new Error('in flight')
        if (gate.waiting !== inside.size - started.size || gate.waiting > depth)
          throw new Error('waiting')
        if (gate.waiting > 0 && gate.inFlight < limit) throw new Error('a slot is idle')
      }
    }),
  )
  t.pass()
})
