import { createServer, type Socket } from 'node:net'

/**
 * `node model.ts PORT`: a model that does what the path of a request says, most of it wrong. Run as a process of
 * its own, so that it can be killed.
 */
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const BIG = 1_000_000
const head = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`

const deeds: Record<string, (socket: Socket) => void> = {
  '/ok': socket => void socket.write(OK),
  '/slow': socket => void setTimeout(() => socket.write(OK), 30),
  '/big': socket => void socket.write(head(BIG) + 'x'.repeat(BIG)),
  '/chunks': socket => trickle(socket, 20),
  '/half-head': socket => hold(socket, 'HTTP/1.1 200 OK\r\nContent-Le'),
  '/half-body': socket => hold(socket, head(BIG) + 'x'.repeat(BIG / 2)),
  '/half-chunk': socket =>
    hold(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab'),
  '/nothing': socket => hold(socket, ''),
  '/reset': socket => socket.resetAndDestroy(),
  '/reset-body': socket => {
    socket.write(head(BIG) + 'x'.repeat(BIG / 2), () => socket.resetAndDestroy())
  },
  '/end': socket => void socket.end(),
  '/end-body': socket => void socket.end(`${head(BIG)}some`),
  '/deaf': socket => {
    socket.pause()
    setTimeout(() => {
      socket.write(OK)
      socket.resume()
    }, 100)
  },
}
/** Answered from the head alone, whatever of the body is still to come. */
const early: Record<string, string> = {
  '/early': 'HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno',
  '/early-close': 'HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno',
}

/** Goes no further: until the client leaves, or the model is killed. */
function hold(socket: Socket, text: string): void {
  socket.write(text)
}

function trickle(socket: Socket, left: number): void {
  if (left === 20) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  socket.write(left === 0 ? '0\r\n\r\n' : '4\r\nabcd\r\n')
  if (left > 0) setTimeout(() => trickle(socket, left - 1), 3)
}

createServer(socket => {
  let text = ''
  let asked = 0
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    for (;;) {
      const [whole = '', path = ''] = /^\S+ (\/\S*) [^]*?\r\n\r\n/.exec(text) ?? []
      if (whole === '') return
      if (/^upgrade: websocket/im.test(whole)) {
        text = ''
        socket.write('HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
        return
      }
      const soon = early[path]
      if (soon !== undefined && asked < 1) {
        asked++
        socket.write(soon)
        if (path === '/early-close') return void socket.end()
      }
      const end = whole.length + bodyOf(whole, text)
      if (!(text.length >= end)) return
      text = text.slice(end)
      asked = 0
      if (soon === undefined) (deeds[path] ?? deeds['/ok'])?.(socket)
    }
  })
}).listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('listening\n'))

/** Bytes that the body takes; NaN: it is not all there. */
function bodyOf(whole: string, text: string): number {
  if (/^transfer-encoding:/im.test(whole)) {
    const end = text.indexOf('0\r\n\r\n', whole.length)
    return end < 0 ? Number.NaN : end + 5 - whole.length
  }
  return Number(/^content-length: (\d+)/im.exec(whole)?.[1] ?? 0)
}
