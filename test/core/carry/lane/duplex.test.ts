import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import test from 'ava'
import { duplexOf } from '../../../../core/carry/lane/duplex.ts'
import { KIND, headText, idText } from '../../../../core/carry/lane/frame.ts'
import { Lane } from '../../../../core/carry/lane/lane.ts'
import { watchBody } from '../../../../core/carry/slow-body.ts'
import { VirtualSocket } from '../../../sidecar/virtual/socket.ts'

/** node:http on the streams of a lane. */
function world(serve: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(serve)
  const socket = new VirtualSocket(false, true)
  const lane = new Lane(socket.socket, {
    accept: stream => void server.emit('connection', duplexOf(stream)),
    most: 10,
    later: setImmediate,
  })
  const hear = (kind: number, id: number, bytes = '', length = bytes.length): void =>
    lane.read(Buffer.from(headText(kind, length, idText(id)) + bytes, 'latin1'))
  /** Real time passes: it is node:http that is asked. */
  const until = (what: () => boolean): Promise<void> =>
    new Promise(resolve => {
      const timer = setInterval(() => {
        if (!what()) return
        clearInterval(timer)
        resolve()
      }, 1)
    })
  return { socket, lane, hear, until }
}

test('a body that stops coming is told so, and its stream is closed', async t => {
  const { socket, lane, hear, until } = world((request, response) => {
    request.resume()
    watchBody(request, response, 5)
  })
  hear(KIND.data, 1, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf')
  const end = headText(KIND.close, 0, idText(1))
  await until(() => socket.wrote.endsWith(end))
  t.regex(socket.wrote, /HTTP\/1\.1 408 /)
  t.is(lane.size, 0)
})
