import type { Container, Handler, Probe } from './pod.ts'
import { numberOf } from './ports.ts'

/** A probe or a lifecycle hook that goes to a port, with its place in the container. */
export interface PortUse {
  what: string
  at: readonly string[]
  kind: 'httpGet' | 'tcpSocket' | 'grpc'
  reference: number | string
  number: number | null
  path: string
  tls: boolean
  /** Headers or a host of its own: what it asks cannot be asked by others. */
  special: boolean
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const
const hooks = ['preStop', 'postStart'] as const

export function portUses(container: Container): PortUse[] {
  return [
    ...probes.flatMap(name => uses(container, name, [name], container[name])),
    ...hooks.flatMap(name =>
      uses(container, `${name} hook`, ['lifecycle', name], container.lifecycle?.[name]),
    ),
  ]
}

function uses(
  container: Container,
  what: string,
  at: readonly string[],
  handler: Handler | Probe | null | undefined,
): PortUse[] {
  const use = (kind: PortUse['kind'], reference: number | string): PortUse => ({
    what,
    at: [...at, kind, 'port'],
    kind,
    reference,
    number: numberOf(reference, container),
    path: '/',
    tls: false,
    special: false,
  })
  const { httpGet, tcpSocket } = handler ?? {}
  const grpc = handler !== null && handler !== undefined && 'grpc' in handler ? handler.grpc : null
  const found: PortUse[] = []
  if (httpGet) {
    found.push({
      ...use('httpGet', httpGet.port),
      path: httpGet.path ? httpGet.path : '/',
      tls: httpGet.scheme?.toUpperCase() === 'HTTPS',
      special: Boolean(httpGet.host) || (httpGet.httpHeaders ?? []).length > 0,
    })
  }
  if (tcpSocket) found.push(use('tcpSocket', tcpSocket.port))
  if (grpc) found.push(use('grpc', grpc.port))
  return found
}
