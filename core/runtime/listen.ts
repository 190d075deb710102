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
    let any = host === '::'
    const failed = (error: NodeJS.ErrnoException): void => {
      if (!any || (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL')) {
        server.removeListener('error', failed)
        return reject(error)
      }
      any = false
      server.listen({ host: '0.0.0.0', port, backlog })
    }
    server.on('error', failed)
    server.once('listening', () => {
      server.removeListener('error', failed)
      resolve(server.address() as AddressInfo)
    })
    server.listen({ host, port, backlog })
  })
}

/** host:port, an IPv6 host in brackets. */
export function shownAddress({ address, port }: AddressInfo): string {
  return `${bracketed(address)}:${port}`
}

export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
