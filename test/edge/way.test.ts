import test from 'ava'
import type { Conn } from '../../core/carry/conn.ts'
import type { Dial } from '../../core/carry/link.ts'
import { LaneStream } from '../../core/carry/lane/stream.ts'
import { frameOf } from '../core/carry/lane/support.ts'
import { KIND } from '../../core/carry/lane/frame.ts'
import { Unread } from '../../core/carry/unread.ts'
import { Way } from '../../edge/way.ts'
import { VirtualSocket } from '../sidecar/virtual/socket.ts'
import { VirtualTime } from '../sidecar/virtual/time.ts'

const YES = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\r\n'
const PASS = 'x-outrigger-pass: p\r\n'

function world() {
  const virtual = new VirtualTime()
  const unread = new Unread(180_000, 60_000)
  const dialled: VirtualSocket[] = []
  const changes: number[] = []
  const belows: Parameters<Dial>[0][] = []
  const way = new Way(
    link => {
      const socket = new VirtualSocket(true, false, bytes => link.read(bytes))
      dialled.push(socket)
      belows.push(link)
      return socket.socket
    },
    { time: virtual.time, unread },
    () => void changes.push(virtual.nowMs),
  )
  const link = { read: () => undefined, lent: false }
  const dial = (): Conn => way.dial(link)
  /** The last connection stands and says something. */
  const says = (text: string): VirtualSocket => {
    const socket = dialled.at(-1) as VirtualSocket
    if (socket.connecting) socket.connect()
    socket.say(text)
    while (socket.turn());
    return socket
  }
  /** With a lane that stands. */
  const agreed = (): VirtualSocket => {
    way.offered(PASS)
    return says(YES)
  }
  return { virtual, unread, changes, way, dialled, belows, dial, says, agreed, link }
}

test('connections are made one by one until a lane is offered and stands, then they are its streams', t => {
  const { way, dialled, dial, says } = world()
  t.false(dial() instanceof LaneStream)
  way.offered(PASS)
  way.offered(PASS)
  t.is(dialled.length, 2)
  dialled[1]?.connect()
  t.is(
    dialled[1]?.wrote,
    'GET / HTTP/1.1\r\nhost: outrigger\r\nconnection: upgrade\r\nupgrade: outrigger-lane\r\nx-outrigger-pass: p\r\n\r\n',
  )
  t.false(dial() instanceof LaneStream)
  way.offered(PASS)
  t.is(dialled.length, 3)
  const asked = dialled[1] as VirtualSocket
  dialled.push(asked)
  for (const piece of [YES.slice(0, 20), YES.slice(20)]) says(piece)
  t.true(dial() instanceof LaneStream)
  way.offered(PASS)
  t.is(dialled.length, 4)
})

test('what comes right behind the yes is of the lane', t => {
  const { way, says, dial, virtual } = world()
  way.offered(PASS)
  const socket = says(YES + frameOf(KIND.ping, 0))
  virtual.pass(0)
  t.true(socket.wrote.endsWith(frameOf(KIND.pong, 0)))
  t.true(dial() instanceof LaneStream)
  t.false(socket.destroyed)
})

test('a no closes that connection, and a minute long no other lane is asked for', t => {
  for (const no of ['HTTP/1.1 403 Forbidden\r\n\r\n', `HTTP/1.1 101 ${'x'.repeat(5000)}`]) {
    const { way, virtual, dialled, says } = world()
    way.offered(PASS)
    t.true(says(no).destroyed)
    dialled[0]?.turn()
    virtual.pass(59_000)
    way.offered(PASS)
    t.is(dialled.length, 1)
    virtual.pass(1000)
    way.offered(PASS)
    t.is(dialled.length, 2)
  }
})

test('a lane that breaks takes its streams with it; the next is asked for at once', async t => {
  const { way, dialled, dial, agreed } = world()
  const socket = agreed()
  const stream = dial()
  const closed = new Promise(resolve => stream.once('close', resolve))
  socket.fail(new Error('RST'))
  socket.turn()
  await closed
  t.false(dial() instanceof LaneStream)
  way.offered(PASS)
  t.is(dialled.length, 3)
})

test('a lane that answers no question for a second gets nothing new until it does', t => {
  const { way, virtual, changes, dial, agreed, says, dialled } = world()
  const socket = agreed()
  dial().write('x')
  const look = (): void => {
    virtual.pass(500)
    way.look(virtual.nowMs)
  }
  // The yes was heard; then it is asked, and has a second.
  for (let i = 0; i < 5; i++) look()
  t.deepEqual(changes, [0, 2000])
  t.true(socket.wrote.includes(frameOf(KIND.ping, 0)))
  t.false(dial() instanceof LaneStream)
  dialled.push(socket)
  says(frameOf(KIND.pong, 0))
  look()
  t.deepEqual(changes, [0, 2000, 3000])
  t.true(dial() instanceof LaneStream)
})

test('a silent lane that lost its last stream is gone: nothing more is put on it', t => {
  const { way, virtual, dial, agreed } = world()
  const socket = agreed()
  const streams = [dial(), dial()]
  const look = (): void => {
    virtual.pass(500)
    way.look(virtual.nowMs)
  }
  look()
  streams[0]?.destroy()
  look()
  // It is asked. That its streams go is no answer.
  streams[1]?.destroy()
  look()
  look()
  t.true(socket.destroyed)
  t.false(dial() instanceof LaneStream)
})

test('an answer to the question for a lane that does not come is not waited for', t => {
  const { way, virtual, dialled } = world()
  way.offered(PASS)
  dialled[0]?.connect()
  virtual.pass(4999)
  way.look(virtual.nowMs)
  t.false(dialled[0]?.destroyed)
  virtual.pass(1)
  way.look(virtual.nowMs)
  t.true(dialled[0]?.destroyed)
})

test('a lane without a stream is closed after 1.5 s', t => {
  const { way, virtual, dial, agreed } = world()
  const socket = agreed()
  dial().destroy()
  way.look(1000)
  t.false(socket.ended)
  virtual.pass(0)
  way.look(1500)
  t.true(socket.ended)
  t.false(dial() instanceof LaneStream)
})

test('closed, it opens none, and the lane ends with its last stream', t => {
  const { way, dialled, dial, agreed } = world()
  const socket = agreed()
  const stream = dial()
  way.close()
  t.false(socket.ended)
  stream.destroy()
  t.true(socket.ended)
  way.offered(PASS)
  t.is(dialled.length, 1)
  const other = world()
  other.way.offered(PASS)
  other.way.close()
  t.true(other.dialled[0]?.destroyed)
})

test('bytes of which a client still holds some are not read over', t => {
  const { dial, agreed, dialled, belows, says, link } = world()
  dialled.push(agreed())
  dial()
  const piece = frameOf(KIND.data, 1, 'x')
  link.lent = true
  says(piece)
  t.true(belows[0]?.lent)
  link.lent = false
  says(piece)
  t.false(belows[0]?.lent)
})

test('what comes of an answer that its client does not read counts as unread, and goes where that is too much', t => {
  const { unread, dial, agreed, dialled, says } = world()
  dialled.push(agreed())
  const [slow, other] = [dial(), dial()] as [LaneStream, LaneStream]
  slow.pause()
  says(frameOf(KIND.data, 1, 'x'.repeat(30_000)))
  unread.look(0)
  t.false(slow.destroyed)
  other.pause()
  says(frameOf(KIND.data, 2, 'x'.repeat(30_000)))
  unread.look(1000)
  t.deepEqual([slow.destroyed, other.destroyed], [true, false])
  t.is(slow.readableLength, 0)
})

test('where answers come in large pieces the lane ends with what is on it, and is not asked for again for a minute', t => {
  const { way, virtual, changes, dial, agreed, dialled, says } = world()
  const socket = agreed()
  const stream = dial()
  const piece = frameOf(KIND.data, 1, 'x'.repeat(30_000))
  for (let i = 0; i < 30; i++) {
    dialled.push(socket)
    says(piece)
  }
  t.false(dial() instanceof LaneStream)
  t.deepEqual(changes, [0, 0], 'and no other connection of it is kept')
  stream.destroy()
  t.true(socket.ended)
  socket.hangUp()
  socket.fail(new Error('closed'))
  while (socket.turn());
  const before = dialled.length
  virtual.pass(59_000)
  way.offered(PASS)
  t.is(dialled.length, before)
  virtual.pass(1000)
  way.offered(PASS)
  t.is(dialled.length, before + 1)
})

test('small pieces leave it as it is, and one large answer among many does, too', t => {
  const { dial, agreed, dialled, says, changes } = world()
  dialled.push(agreed())
  t.true(dial() instanceof LaneStream)
  for (let i = 0; i < 100; i++) says(frameOf(KIND.data, 1, 'x'.repeat(i % 20 === 0 ? 60_000 : 500)))
  t.true(dial() instanceof LaneStream)
  t.deepEqual(changes, [0])
})
