import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'

/** Stands between a sidecar and a model, passes everything on, and keeps what the sidecar wrote. */
export interface Tap {
  address: string
  /** By the address and port that the model sees. */
  wrote: Map<string, string>
}

export async function tap(t: ExecutionContext, model: number): Promise<Tap> {
  const wrote = new Map<string, string>()
  let connections = 0
  const server = createServer({ allowHalfOpen: true }, socket => {
    const localAddress = ownAddress(connections++)
    const onward = connect({ host: '127.0.0.1', port: model, allowHalfOpen: true, localAddress })
    let text = ''
    let name = ''
    onward.once('connect', () => {
      name = `${onward.localAddress}:${onward.localPort}`
      wrote.set(name, text)
    })
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (name !== '') wrote.set(name, text)
    })
    socket.pipe(onward)
    onward.pipe(socket)
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, wrote }
}

/** Ports are used again before long; Linux has all of 127/8 for loopback. */
function ownAddress(n: number): string | undefined {
  if (process.platform !== 'linux') return undefined
  return `127.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`
}
