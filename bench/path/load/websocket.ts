import { once } from 'node:events'
import { dial } from './http.ts'
import type { Lane } from './open.ts'

const BYTES = 64
/** A masked text frame as clients send it (RFC 6455, 5.2), and how long its unmasked echo is. */
const FRAME = Buffer.concat([
  Buffer.from([0x81, 0x80 | BYTES, 1, 2, 3, 4]),
  Buffer.alloc(BYTES, 'x').map((byte, i) => byte ^ ((i % 4) + 1)),
])
const ECHO = BYTES + 2

/** A WebSocket with one message under way at a time. */
export async function websocketLane(port: number, path: string): Promise<Lane> {
  const socket = await dial(port)
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n'),
  )
  const [answer] = (await once(socket, 'data')) as [Buffer]
  const head = answer.toString('latin1')
  // The key and its answer are RFC 6455's own example.
  if (!head.startsWith('HTTP/1.1 101') || !head.includes('s3pPLMBiTxaQ9kYGzzhZRbK+xOo='))
    throw new Error(`expected an upgrade, got ${head}`)
  let got = 0
  let done: (good: boolean) => void = () => undefined
  socket.on('data', (part: Buffer) => {
    got += part.length
    if (got < ECHO) return
    const good = got === ECHO && part.at(-1) === 'x'.charCodeAt(0)
    got = 0
    done(good)
  })
  socket.on('error', () => undefined)
  return {
    send(then) {
      done = then
      socket.write(FRAME)
    },
  }
}
