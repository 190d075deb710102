import { request, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough, type Duplex } from 'node:stream'
import { endToEnd, type Head } from '../../core/http/head.ts'
import type { Address } from '../../core/runtime/environment.ts'

/**
 * An upgrade to WebSocket (RFC 6455), carried by node:http itself: http-proxy leaks a socket for each
 * that ends badly. Calls `over` once, when both connections are gone.
 */
export function forwardUpgrade(
  app: Address,
  head: Head,
  client: Duplex,
  firstBytes: Buffer,
  over: () => void,
): void {
  const asked = request({
    host: app.host,
    port: app.port,
    method: 'GET',
    path: head.target,
    headers: { ...head.headers, connection: 'Upgrade', upgrade: 'websocket' },
    agent: false,
  })
  let ended = false
  const end = (): void => {
    if (ended) return
    ended = true
    asked.destroy()
    client.destroy()
    over()
  }
  client.once('close', end)
  client.once('error', end)
  // Read from the start, or its leaving would not be seen while the model makes up its mind.
  const fromClient = client.pipe(new PassThrough())
  client.once('end', end)
  asked.once('upgrade', (response, model, modelBytes) => {
    client.removeListener('end', end)
    model.once('close', () => client.end())
    model.once('error', end)
    client.once('close', () => model.destroy())
    client.write(
      headText(101, 'Switching Protocols', response, [
        'Connection',
        'Upgrade',
        'Upgrade',
        'websocket',
      ]),
      'latin1',
    )
    if (modelBytes.length > 0) client.write(modelBytes)
    if (firstBytes.length > 0) model.write(firstBytes)
    unlimited(model)
    model.pipe(client)
    fromClient.pipe(model)
  })
  // The model declined: its answer, and the end of the connection.
  asked.once('response', response => {
    client.write(
      headText(response.statusCode ?? 502, response.statusMessage ?? '', response, [
        'Connection',
        'close',
      ]),
      'latin1',
    )
    response.pipe(client)
    response.once('error', end)
  })
  asked.once('error', () => {
    if (ended) return
    client.end(
      'HTTP/1.1 502 Bad Gateway\r\nx-outrigger-reason: upstream\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    )
  })
  asked.end()
}

function unlimited(socket: Socket): void {
  socket.setTimeout(0)
  socket.setNoDelay(true)
}

function headText(
  status: number,
  message: string,
  response: IncomingMessage,
  own: readonly string[],
): string {
  const headers = [...endToEnd(response.rawHeaders), ...own]
  let text = `HTTP/1.1 ${status} ${message}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n`
}
