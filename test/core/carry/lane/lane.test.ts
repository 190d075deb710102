import test from 'ava'
import { HEAD_BYTES, headText, idText, KIND } from '../../../../core/carry/lane/frame.ts'
import { Lane } from '../../../../core/carry/lane/lane.ts'
import type { LaneStream } from '../../../../core/carry/lane/stream.ts'
import { VirtualSocket } from '../../../sidecar/virtual/socket.ts'
import { run } from './run.ts'
import { frameOf as frame } from './support.ts'

test('random schedules of streams that write, rest, end and go: each is a connection, nothing is left', async t => {
  const { problems, streams, ended, cut } = await run(1500, 42)
  t.deepEqual(problems, [])
  t.true(streams > 3000 && ended > 500 && cut > 500, `${streams} ${ended} ${cut}`)
})

const tick = async (): Promise<void> => new Promise(resolve => void setImmediate(resolve))

function lane(accepts: boolean, most = 2) {
  const socket = new VirtualSocket(false, true)
  const accepted: LaneStream[] = []
  const later: (() => void)[] = []
  const one = new Lane(socket.socket, {
    accept: accepts ? stream => void accepted.push(stream) : null,
    most,
    later: then => void later.push(then),
  })
  const hear = (kind: number, length: number, id: number, bytes = ''): void =>
    one.read(Buffer.from(headText(kind, length, idText(id)) + bytes, 'latin1'))
  return { one, socket, accepted, hear, turn: () => later.splice(0).forEach(act => act()) }
}

test('what is written in one turn goes in one write', t => {
  const { one, socket, turn } = lane(false)
  const writes: string[] = []
  const write = socket.write.bind(socket)
  socket.write = data => (writes.push(String(data)), write(data))
  for (const text of ['one', 'two']) one.open().write(text, 'latin1')
  t.deepEqual(writes, [])
  turn()
  t.deepEqual(writes, [frame(KIND.data, 1, 'one') + frame(KIND.data, 2, 'two')])
})

test('text that is not latin1 goes as UTF-8', t => {
  const { one, socket, turn } = lane(false)
  one.open().write('ä')
  turn()
  t.is(socket.wrote, frame(KIND.data, 1, '\u00c3\u00a4'))
})

test('who asks is answered', t => {
  const { hear, socket, turn } = lane(true)
  hear(KIND.ping, 0, 0)
  turn()
  t.is(socket.wrote, frame(KIND.pong, 0))
})

test('who asks and asks and does not read fills no memory', t => {
  const { hear, socket, turn } = lane(true)
  socket.clog(true)
  for (let i = 0; i < 100; i++) {
    hear(KIND.ping, 0, 0)
    turn()
  }
  t.is(socket.wrote, frame(KIND.pong, 0))
})

test('a side that may open no stream and does loses the lane', t => {
  const { hear, socket } = lane(false)
  hear(KIND.data, 1, 7, 'x')
  t.true(socket.destroyed)
})

test('beyond so many streams one more is closed, and the others live', t => {
  const { hear, socket, accepted, turn, one } = lane(true, 2)
  for (const id of [1, 2, 3]) hear(KIND.data, 1, id, 'x')
  turn()
  t.is(accepted.length, 2)
  t.is(socket.wrote, frame(KIND.close, 3))
  t.false(socket.destroyed)
  t.is(one.size, 2)
})

test('bytes of a stream that we have closed are dropped', t => {
  const { hear, socket, accepted } = lane(true)
  hear(KIND.data, 1, 1, 'x')
  accepted[0]?.destroy()
  hear(KIND.data, 1, 1, 'y')
  hear(KIND.credit, 10, 1)
  t.is(accepted.length, 1)
  t.false(socket.destroyed)
})

test('a kind of frame that there is not ends the lane', async t => {
  const { hear, socket, accepted } = lane(true)
  hear(KIND.data, 1, 1, 'x')
  const closed = new Promise(resolve => accepted[0]?.once('close', resolve))
  hear(6, 0, 1)
  t.true(socket.destroyed)
  await closed
})

test('bytes behind the end of their stream end the lane', t => {
  const { hear, socket } = lane(true)
  hear(KIND.data, 1, 1, 'x')
  hear(KIND.end, 0, 1)
  hear(KIND.data, 1, 1, 'x')
  t.true(socket.destroyed)
})

test('who sends on and on to one that does not read loses the lane before it takes our memory', t => {
  const { hear, socket, accepted } = lane(true)
  hear(KIND.data, 1, 1, 'x')
  accepted[0]?.pause()
  const piece = 'x'.repeat(60_000)
  let sent = 0
  for (; !socket.destroyed && sent < 1e8; sent += piece.length) {
    hear(KIND.data, piece.length, 1, piece)
  }
  t.true(socket.destroyed)
  t.true(sent > 128 * 1024 && sent < 400_000, `${sent}`)
})

test('a stream without credit waits, and holds up no other', t => {
  const { one, socket, turn, hear } = lane(false)
  const [slow, other] = [one.open(), one.open()]
  let drained = 0
  slow.on('drain', () => drained++)
  t.true(slow.write('x'.repeat(131_072), 'latin1'))
  t.false(slow.write('late', 'latin1'))
  t.is(slow.writableLength, 4)
  t.true(other.write('swift', 'latin1'))
  turn()
  t.true(socket.wrote.endsWith(frame(KIND.data, 2, 'swift')))
  hear(KIND.credit, 65_536, 1)
  turn()
  t.true(socket.wrote.endsWith(frame(KIND.data, 1, 'late')))
  t.is(drained, 1)
  t.is(slow.writableLength, 0)
})

test('a stream answers for what it wrote itself, however long the connection holds what others wrote', t => {
  const { one, socket, turn } = lane(false)
  const [resting, busy] = [one.open(), one.open()]
  resting.write('gone', 'latin1')
  turn()
  socket.clog(true)
  for (const text of ['x'.repeat(100), 'y'.repeat(20_000)]) {
    busy.write(Buffer.from(text))
    turn()
  }
  t.deepEqual([resting.writableLength, busy.writableLength], [0, 20_100])
  socket.clog(false)
  t.is(busy.writableLength, 0)
})

test('while the connection takes no more, no stream does, and each is told when it does', t => {
  const { one, socket, turn } = lane(false)
  const [first, other] = [one.open(), one.open()]
  const drained: number[] = []
  for (const [i, stream] of [first, other].entries()) stream.on('drain', () => drained.push(i))
  socket.clog(true)
  t.true(first.write('x', 'latin1'))
  turn()
  t.false(first.write('y', 'latin1'))
  t.false(other.write('y', 'latin1'))
  socket.clog(false)
  t.deepEqual(drained, [0, 1])
  turn()
  t.true(other.write('z', 'latin1'))
})

test('a large write goes in pieces, as there is credit for them', t => {
  const { one, socket, turn, hear } = lane(false)
  const stream = one.open()
  t.false(stream.write(Buffer.alloc(300_000, 'a')))
  turn()
  t.is(socket.wrote, frame(KIND.data, 1, 'a'.repeat(131_072)))
  hear(KIND.credit, 131_072, 1)
  hear(KIND.credit, 131_072, 1)
  t.is(socket.wrote.length, 300_000 + 3 * HEAD_BYTES)
  t.false(stream.writableNeedDrain)
})

test('it ends with its last stream once it is to', t => {
  const { one, socket } = lane(false)
  const stream = one.open()
  one.endWhenIdle()
  t.true(one.spent)
  t.false(socket.ended)
  stream.destroy()
  t.true(socket.ended)
})

test('an answer that came before its stream was closed is still read, by who is slow to do so', async t => {
  const { one, hear } = lane(false)
  const [slow, left] = [one.open(), one.open()]
  const told: string[] = []
  for (const stream of [slow, left]) {
    stream.on('data', (bytes: Buffer) => told.push(bytes.toString()))
    stream.on('end', () => told.push('end'))
    stream.on('close', () => told.push('close'))
    stream.pause()
  }
  for (const id of [1, 2]) {
    hear(KIND.data, 4, id, 'late')
    hear(KIND.end, 0, id)
    hear(KIND.close, 0, id)
  }
  t.deepEqual([slow.destroyed, one.size], [true, 0])
  left.destroy()
  await tick()
  t.deepEqual(told, ['close'])
  slow.resume()
  await tick()
  t.deepEqual(told, ['close', 'late', 'end', 'close'])
})

test('who has asked and left is not waited for, however slowly it is read', async t => {
  const { hear, accepted } = lane(true)
  hear(KIND.data, 1, 1, 'x')
  const told: string[] = []
  accepted[0]?.on('data', () => told.push('data')).on('close', () => told.push('close'))
  accepted[0]?.pause()
  hear(KIND.data, 1, 1, 'y')
  hear(KIND.close, 0, 1)
  await tick()
  t.deepEqual(told, ['close'])
  accepted[0]?.resume()
  await tick()
  t.deepEqual(told, ['close'])
})

test('closed while it is without credit, it needs no drain', t => {
  const { one, hear } = lane(false)
  const stream = one.open()
  t.false(stream.write('x'.repeat(200_000), 'latin1'))
  hear(KIND.close, 0, 1)
  t.deepEqual([stream.writableNeedDrain, stream.writableLength], [false, 0])
})
