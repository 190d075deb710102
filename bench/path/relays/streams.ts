import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { eventOf } from '../load/sse.ts'
import { now } from '../load/pacer.ts'
import { TOKEN_MS, TOKENS } from '../payloads.ts'

/** The upstream of streams: paced events, and WebSockets that echo. On bare sockets, so that it costs little. */
const HEAD = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/event-stream',
  'Cache-Control: no-cache',
  'Transfer-Encoding: chunked',
  '\r\n',
].join('\r\n')
const LAST = '0\r\n\r\n'

interface Stream {
  socket: Socket
  left: number
}

/** Streams take turns, a part of them each ms, so that their events do not come all at once. */
const turns: Set<Stream>[] = Array.from({ length: TOKEN_MS }, () => new Set())
let turn = 0
let next = 0
setInterval(() => {
  turn = (turn + 1) % TOKEN_MS
  for (const stream of turns[turn] ?? []) write(stream)
}, 1)

function write(stream: Stream): void {
  const event = eventOf(now())
  const chunk = `${event.length.toString(16)}\r\n${event}\r\n`
  const over = --stream.left === 0
  stream.socket.write(over ? chunk + LAST : chunk)
  if (over) leave(stream)
}

function leave(stream: Stream): void {
  for (const each of turns) each.delete(stream)
}

createServer({ noDelay: true }, socket => {
  let head = ''
  socket.on('error', () => undefined)
  socket.on('data', take)

  function take(part: Buffer): void {
    head += part.toString('latin1')
    if (!head.includes('\r\n\r\n')) return
    const key = /\r\nsec-websocket-key: *(\S+)\r\n/i.exec(head)?.[1]
    head = ''
    if (key === undefined) start()
    else echo(socket, key)
  }

  function start(): void {
    const stream = { socket, left: TOKENS }
    socket.write(HEAD)
    turns[next++ % TOKEN_MS]?.add(stream)
    socket.once('close', () => leave(stream))
  }

  /** Answers each masked message of up to 125 bytes with the same one, unmasked (RFC 6455, 5.3). */
  function echo(to: Socket, key: string): void {
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    const answer = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept.digest('base64')}`,
      '\r\n',
    ]
    to.write(answer.join('\r\n'))
    to.off('data', take)
    let rest: Buffer = Buffer.alloc(0)
    to.on('data', (part: Buffer) => {
      rest = rest.length === 0 ? part : Buffer.concat([rest, part])
      for (;;) {
        const length = (rest[1] ?? 0) & 0x7f
        if (rest.length < 6 + length) return
        to.write(unmasked(rest.subarray(0, 6 + length)))
        rest = rest.subarray(6 + length)
      }
    })
  }
}).listen(Number(process.argv[2]), '127.0.0.1')

function unmasked(frame: Buffer): Buffer {
  const length = frame.length - 6
  const answer = Buffer.allocUnsafe(2 + length)
  answer[0] = frame[0] ?? 0
  answer[1] = length
  for (let i = 0; i < length; i++) answer[2 + i] = (frame[6 + i] ?? 0) ^ (frame[2 + (i & 3)] ?? 0)
  return answer
}
