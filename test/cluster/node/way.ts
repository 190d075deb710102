import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { addresses } from '../machine/places.ts'
import type { Pod } from '../support/cluster.ts'
import { iptables } from './support.ts'

/**
 * The way from a pod to the API server, led through here: bytes pass as they are (it is TLS from end to end),
 * until they are held. What the server says always passes.
 */
export interface Way {
  /** Once a Deployment is written that was read just before, that and all after it is held. */
  holdWrite(): void
  held(): boolean
  /** What was held goes on to the server, also for a client that is frozen. */
  release(): void
  close(): void
}

/** A Deployment is larger; a lease and a count are smaller. Smaller than any request with its token. */
const ANSWER = 2500
const REQUEST = 500
/** What is written makes a request so much larger than the one that read the same. */
const BODY = 50
/** A connection's first: its hello, and the request that made it be opened. */
const FIRST = 2
const AT_ONCE_MS = 100

export async function wayOf({ status }: Pod): Promise<Way> {
  const open = new Set<Socket>()
  const waiting: (() => void)[] = []
  let armed = false
  let held = false
  const server = createServer(client => {
    const upstream = connect(6443, addresses.node)
    let [requests, asked, said, saidAt] = [0, 0, 0, -Infinity]
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open.delete(socket)
        // What is held must still arrive when its sender is gone.
        if (!held) for (const each of [client, upstream]) each.destroy()
      })
    }
    client.on('data', chunk => {
      const next = performance.now() - saidAt < AT_ONCE_MS && said >= ANSWER
      const larger = chunk.length >= asked + BODY
      if (armed && larger && next && requests >= FIRST) held = true
      if (chunk.length >= REQUEST) [requests, asked, said] = [requests + 1, chunk.length, 0]
      const send = (): void => void upstream.write(chunk)
      if (held) waiting.push(send)
      else send()
    })
    upstream.on('data', chunk => {
      ;[said, saidAt] = [said + chunk.length, performance.now()]
      client.write(chunk)
    })
  })
  await new Promise<void>(resolve => server.listen(0, addresses.node, resolve))
  const { port } = server.address() as AddressInfo
  const from = ['-s', status.podIP ?? '', '-p', 'tcp']
  const to = ['--dport', '443', '-j', 'DNAT', '--to-destination', `${addresses.node}:${port}`]
  const nat = ['PREROUTING', ...from, '-d', addresses.apiService, ...to]
  // Connections that are there already end, and come this way the next time.
  const reset = [
    '-d',
    addresses.node,
    '--dport',
    '6443',
    '-j',
    'REJECT',
    '--reject-with',
    'tcp-reset',
  ]
  const direct = ['INPUT', ...from, ...reset]
  iptables('-t', 'nat', '-I', ...nat)
  iptables('-I', ...direct)
  return {
    holdWrite: () => void (armed = true),
    held: () => held,
    release() {
      ;[armed, held] = [false, false]
      for (const send of waiting.splice(0)) send()
    },
    close() {
      iptables('-t', 'nat', '-D', ...nat)
      iptables('-D', ...direct)
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
