import { Socket } from 'node:net'
import { mock } from 'node:test'
import test from 'ava'
import { front } from '../../../core/carry/front.ts'
import { Kept } from '../../../core/carry/kept.ts'
import { reading } from '../../../core/carry/reading.ts'
import { Unread } from '../../../core/carry/unread.ts'

const SECOND = 1000

test.serial('while nobody is connected no timer ticks, but until what rests is gone', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  let nowMs = 0
  let looks = 0
  const pass = (ms: number): number => {
    const before = looks
    for (let i = 0; i < ms; i += 500) {
      nowMs += 500
      mock.timers.tick(500)
    }
    return looks - before
  }
  const clients = front(
    {
      ask: () => t.fail(),
      reading,
      bounds: { headBytes: 65_536, headers: 100 },
      headTimeoutMs: 60 * SECOND,
      idleTimeoutMs: 60 * SECOND,
      bodyTimeoutMs: 60 * SECOND,
      pipelineBytes: 65_536,
      kept: new Kept(1e6),
      unread: new Unread(1e6, 60 * SECOND),
      keepAlive: '',
      closing: () => false,
      look: () => void looks++,
      handOver: () => undefined,
    },
    { now: () => nowMs },
  )
  t.teardown(() => clients.close())
  t.is(pass(10 * SECOND), 0)
  const socket = new Socket()
  clients.accept(socket)
  t.is(pass(20 * SECOND), 40)
  socket.destroy()
  await new Promise(resolve => socket.once('close', resolve))
  t.is(pass(10 * SECOND), 10)
  t.is(pass(10 * SECOND), 0)
  const next = new Socket()
  clients.accept(next)
  t.is(pass(SECOND), 2)
  next.destroy()
})
