import { once } from 'node:events'
import { connect, Server, type AddressInfo, type Socket } from 'node:net'
import test from 'ava'
import { reading } from '../../../core/carry/reading.ts'

/** Both ends of a connection whose server side is read by `reading`. */
async function joined(reader: { read(bytes: Buffer): void; handed: boolean }) {
  const server = new Server({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  return { server, client, socket: reading(accepted, reader) }
}

/** Keeps what it is told, and waits until it is as much. */
function heard() {
  let text = ''
  let told = (): void => undefined
  return {
    handed: false,
    read(bytes: Buffer) {
      text += bytes.toString('latin1')
      told()
    },
    async until(length: number): Promise<string> {
      while (text.length < length) await new Promise<void>(resolve => (told = resolve))
      return text
    },
  }
}

test('what a client sends is told, paused, resumed, and answered', async t => {
  const reader = heard()
  const { server, client, socket } = await joined(reader)
  client.write('one')
  t.is(await reader.until(3), 'one')
  socket.pause()
  t.true(socket.isPaused())
  client.write('two')
  socket.resume()
  t.is(await reader.until(6), 'onetwo')
  socket.write('answer')
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.is(answer.toString(), 'answer')
  client.end()
  await once(socket, 'end')
  socket.end()
  await once(client, 'close')
  server.close()
})

test('a connection counts for its server until it is closed', async t => {
  const { server, client, socket } = await joined(heard())
  const count = async () =>
    new Promise<number>(resolve => server.getConnections((_, n) => resolve(n)))
  t.is(await count(), 1)
  const closed = once(server, 'close')
  server.close()
  socket.destroy()
  await closed
  t.is(await count(), 0)
  client.destroy()
})

test('what comes after the handing over is the data of the socket itself', async t => {
  const reader = heard()
  const { server, client, socket } = await joined(reader)
  client.write('ours')
  await reader.until(4)
  reader.handed = true
  const own = heard()
  socket.on('data', own.read)
  client.write('theirs')
  t.is(await own.until(6), 'theirs')
  t.is(await reader.until(4), 'ours')
  // More than is kept: the socket stops being read, and goes on.
  socket.pause()
  const large = 'x'.repeat(1_000_000)
  client.write(large)
  socket.resume()
  t.is((await own.until(6 + large.length)).length, 6 + large.length)
  client.destroy()
  server.close()
})

test('a connection that is gone already is closed', async t => {
  const server = new Server()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  accepted.destroy()
  const socket = reading(accepted, heard())
  t.true(socket.destroyed)
  client.destroy()
  server.close()
})
