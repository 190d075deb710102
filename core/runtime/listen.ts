import type { AddressInfo, Server } from 'node:net'
import type { Address } from './environment.ts'

/**
 * Listens, on both families where the address is [::], on IPv4 alone where the machine has no other. Rejects
 * with the system's error (EADDRINUSE, EACCES).
 */
export function listenAt(
  server: Server,
  { host, port }: Address,
  backlog?: number,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.removeListener('error', reject)
      resolve(server.address() as AddressInfo)
    })
    // [::] is what Node takes without a host, and sooner: it looks up none. It falls back to 0.0.0.0 by itself.
    server.listen(host === '::' ? { port, backlog } : { host, port, backlog })
  })
}

/** host:port, an IPv6 host in brackets. */
export function shownAddress({ address, port }: AddressInfo): string {
  return `${bracketed(address)}:${port}`
}

export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
