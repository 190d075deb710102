import { once } from 'node:events'
import { connect } from 'node:net'
import test from 'ava'
import { entry, fakeController, portOf, startTestEdge } from './bench.ts'
import { fakeSidecar } from './fake-sidecar.ts'

test('HTTP/2 is answered, and the connection closed: nobody waits for an edge to speak it', async t => {
  const controller = await fakeController(t, [entry([await fakeSidecar(t, 1)])])
  const port = await portOf(await startTestEdge(t, controller.url))
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
  await once(socket, 'close')
  t.regex(text, /^HTTP\/1\.1 (400|505) /)
})
