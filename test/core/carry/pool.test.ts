import test from 'ava'
import type { Link, User } from '../../../core/carry/link.ts'
import { Pool } from '../../../core/carry/pool.ts'
import { VirtualSocket } from '../../sidecar/virtual/socket.ts'
import { VirtualTime } from '../../sidecar/virtual/time.ts'

function world() {
  const virtual = new VirtualTime()
  const dialled: VirtualSocket[] = []
  const dial = () => {
    const socket = new VirtualSocket(true, false)
    dialled.push(socket)
    return socket.socket
  }
  const pool = new Pool(dial, { headBytes: 1000, headers: 10 }, virtual.time)
  const told: string[] = []
  const user: User = {
    holds: false,
    toHead: false,
    allSent: true,
    connected: () => told.push('connected'),
    answered: () => undefined,
    interim: () => undefined,
    data: () => undefined,
    read: () => undefined,
    whole: () => undefined,
    failed: error => told.push(error.message),
    drained: () => undefined,
  }
  return { virtual, dialled, pool, told, user }
}

test('a connect that nobody answers is begun anew after 250 ms, then 500: sooner than the system would', t => {
  const { virtual, dialled, pool, told, user } = world()
  const link = pool.open()
  link.use(user)
  virtual.pass(249)
  t.is(dialled.length, 1)
  virtual.pass(1)
  t.is(dialled.length, 2)
  t.true(dialled[0]?.destroyed)
  dialled[0]?.turn()
  virtual.pass(499)
  t.is(dialled.length, 2)
  virtual.pass(1)
  t.is(dialled.length, 3)
  dialled[1]?.turn()
  t.deepEqual(told, [])
  dialled[2]?.connect()
  t.deepEqual(told, ['connected'])
  t.true(dialled[2]?.socket === link.socket)
  t.is(virtual.time.now(), 750)
  t.is(virtual.timers.length, 0)
  virtual.pass(60_000)
  t.is(dialled.length, 3)
})

test('a connect that is refused fails at once, one that is given up is not begun anew', t => {
  const { virtual, dialled, pool, told, user } = world()
  const refused = pool.open()
  refused.use(user)
  dialled[0]?.refuse()
  dialled[0]?.turn()
  t.deepEqual(told, ['ECONNREFUSED'])
  pool.open().abort()
  t.is(virtual.timers.length, 0)
  t.is(pool.size, 0)
  virtual.pass(60_000)
  t.is(dialled.length, 2)
})

test('renewed, it keeps none of those that there are: what rests is closed, what is under way ends first', t => {
  const { virtual, dialled, pool, user } = world()
  const [resting, busy] = [pool.open(), pool.open()]
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
  const serve = (link: Link): void => {
    link.use(user)
    dialled.find(one => one.socket === link.socket)?.connect()
    link.read(Buffer.from(answer))
  }
  serve(resting)
  busy.use(user)
  pool.renew()
  t.true(dialled[0]?.destroyed)
  t.false(dialled[1]?.destroyed)
  serve(busy)
  t.true(dialled[1]?.destroyed)
  t.is(pool.take(virtual.nowMs), null)
  serve(pool.open())
  t.not(pool.take(virtual.nowMs), null)
})

test('one that is closed, which is not told yet, is given to nobody', t => {
  const { dialled, pool, user } = world()
  const links = [pool.open(), pool.open()]
  for (const [i, link] of links.entries()) {
    link.use(user)
    dialled[i]?.connect()
    link.read(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
  }
  dialled[1]?.destroy()
  t.is(pool.take(0), links[0] ?? null)
  t.is(pool.take(0), null)
})
