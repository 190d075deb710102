import { createServer, type IncomingMessage } from 'node:http'
import { Pool } from 'undici'

/** undici behind node:http: streams both ways, drops what is of one hop only. */
const [port, upstream] = process.argv.slice(2).map(Number) as [number, number]
const pool = new Pool(`http://127.0.0.1:${upstream}`, { connections: 256, bodyTimeout: 0 })
const OF_ONE_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'expect']
const FRAMING = 'transfer-encoding'

const server = createServer((request, response) => {
  const hasBody = 'content-length' in request.headers || FRAMING in request.headers
  const options = { ...asked(request), body: hasBody ? request : null }
  pool
    .stream(options, ({ statusCode, headers }) => {
      response.writeHead(statusCode, kept(headers))
      return response
    })
    .catch(() => response.destroy())
})
server.on('upgrade', (request, socket) => {
  pool.upgrade({ ...asked(request), protocol: 'websocket' }).then(
    ({ headers, socket: other }) => {
      const lines = Object.entries(kept(headers)).map(
        ([name, value]) => `${name}: ${String(value)}`,
      )
      const head = ['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket']
      socket.write([...head, ...lines, '\r\n'].join('\r\n'))
      socket.pipe(other).pipe(socket)
      for (const end of [socket, other]) end.on('error', () => end.destroy())
    },
    () => socket.destroy(),
  )
})
server.keepAliveTimeout = 600_000
server.listen(port, '127.0.0.1')

function asked({ url, method, headers }: IncomingMessage) {
  return {
    path: url ?? '/',
    method: method ?? 'GET',
    headers: kept(headers),
  }
}

function kept(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const left = { ...headers }
  for (const name of [...OF_ONE_HOP, FRAMING]) delete left[name]
  return left
}
