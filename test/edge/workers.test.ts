import { Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import test from 'ava'
import { WorkerRooms } from '../../edge/workers.ts'
import { until } from './bench.ts'

/** A worker room whose workers can't start: they have no configuration. */
function failing() {
  const deaths: Record<string, unknown>[] = []
  const room = new WorkerRooms(1, {
    version: 'test',
    connections: 2,
    log: (_level, _message, fields) => void deaths.push(fields ?? {}),
    activate: () => undefined,
  })
  return { room, deaths }
}

test.before(() => void delete process.env['OUTRIGGER_CONTROLLER'])

test('a drain ends when the worker is dead already, and none is started again', async t => {
  const { room, deaths } = failing()
  await until(() => deaths.length > 0, 'a death')
  const ended = room.drain(10_000).then(() => 'ended')
  t.is(await Promise.race([ended, after(2000, 'hangs')]), 'ended')
  const { length } = deaths
  await after(1000)
  t.is(deaths.length, length)
})

test('so many connections wait for a worker as there may be', async t => {
  const { room } = failing()
  const sockets = Array.from({ length: 5 }, () => new Socket())
  for (const socket of sockets) room.accept('local/digits', socket)
  t.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [false, false, true, true, true],
  )
  await room.drain(0)
})

test('a worker that dies again and again is started ever later', async t => {
  const { room, deaths } = failing()
  await until(() => deaths.length >= 3, 'three deaths')
  await room.drain(0)
  t.deepEqual(
    deaths.slice(0, 3).map(one => one['againMs']),
    [100, 200, 400],
  )
})
