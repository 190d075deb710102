import { request, type IncomingMessage } from 'node:http'
import { PassThrough, type Duplex } from 'node:stream'
import { lastWord } from '../core/carry/last-word.ts'
import { endToEnd, type Head } from '../core/http/head.ts'
import { HEADERS } from '../core/model/tables.ts'
import { bareText, rejectionText } from './answers.ts'
import type { Desk } from './desk.ts'

/** An upgrade to WebSocket (RFC 6455): two sockets joined until either goes. It takes no slot. */
export function tunnel(desk: Desk, head: Head, client: Duplex, firstBytes: Buffer): void {
  client.on('error', () => client.destroy())
  if (desk.tunnels.size >= desk.around.bounds.upgrades) return turnAway(desk, client, 'upgrades')
  const upstream = desk.anyUpstream()
  if (upstream === undefined) {
    desk.around.activate(desk.entry.endpoint)
    return turnAway(desk, client, 'no-replica')
  }
  const asked = request({
    host: upstream.host,
    port: upstream.port,
    method: 'GET',
    path: head.target,
    headers: {
      ...head.headers,
      connection: 'Upgrade',
      upgrade: 'websocket',
      [HEADERS.pass]: desk.pass,
    },
    agent: false,
  })
  const close = (): void => {
    desk.tunnels.delete(close)
    asked.destroy()
    client.destroy()
  }
  desk.tunnels.add(close)
  client.once('close', close)
  // Read from the start, or its leaving would not be seen while the replica makes up its mind.
  const fromClient = client.pipe(new PassThrough())
  client.once('end', close)
  asked.once('upgrade', (response, replica, replicaBytes) => {
    client.removeListener('end', close)
    replica.on('error', close)
    replica.once('close', close)
    client.once('close', () => replica.destroy())
    const own = ['Connection', 'Upgrade', 'Upgrade', 'websocket']
    client.write(headText(101, 'Switching Protocols', response, own), 'latin1')
    if (replicaBytes.length > 0) client.write(replicaBytes)
    if (firstBytes.length > 0) replica.write(firstBytes)
    replica.setNoDelay(true)
    replica.pipe(client)
    fromClient.pipe(replica)
  })
  // The replica declined: its answer, and the end of the connection.
  asked.once('response', response => {
    const own = ['Connection', 'close']
    const { statusCode = 502, statusMessage = '' } = response
    client.write(headText(statusCode, statusMessage, response, own), 'latin1')
    response.pipe(client)
    response.once('error', close)
  })
  asked.once('error', () => {
    if (client.destroyed) return
    client.end(bareText('502 Bad Gateway', 'connect'))
  })
  asked.end()
}

function turnAway(desk: Desk, client: Duplex, reason: 'upgrades' | 'no-replica'): void {
  desk.meter.offered()
  desk.meter.rejected(reason)
  lastWord(client, rejectionText(reason))
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
