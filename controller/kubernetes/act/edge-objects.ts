import { isIPv6 } from 'node:net'
import { edgePortOf, wantsEdge } from '../watch/edge-ports.ts'
import { conditionOf, nameOf, type Deployment, type Meta, type Pod } from '../watch/objects.ts'
import { hasEnded } from '../watch/pod.ts'

/** Service and EndpointSlices of an endpoint's edge, as far as we write and compare them. */
export interface EdgeService {
  metadata: Meta
  spec: { ports: { name: string; port: number; protocol: string; targetPort: number }[] }
}
export interface EdgeSlice {
  metadata: Meta
  addressType: 'IPv4' | 'IPv6'
  ports: { name: string; port: number; protocol: string }[]
  endpoints: {
    addresses: string[]
    conditions: { ready: boolean; serving: boolean; terminating: boolean }
  }[]
}

export const SERVICE_LABEL = 'app.kubernetes.io/managed-by'
export const SERVICE_OWNER = 'outrigger'
export const SLICE_LABEL = 'endpointslice.kubernetes.io/managed-by'
export const SLICE_OWNER = 'outrigger.dev'
/** Where clients find an edge: as any web server. */
const PORT = 80

export interface EdgeObjects {
  deployment: Deployment
  service: EdgeService
  slices: EdgeSlice[]
}

/** A Service's name is a DNS label that starts with a letter. */
const SERVICE_NAME = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/

export function serviceName({ metadata }: Deployment): string | null {
  const name = `${metadata.name}-edge`
  return SERVICE_NAME.test(name) ? name : null
}

/** What there should be for an endpoint with an edge that has its port; null without. */
export function edgeObjects(deployment: Deployment, edges: readonly Pod[]): EdgeObjects | null {
  const port = edgePortOf(deployment)
  const name = serviceName(deployment)
  if (!wantsEdge(deployment) || port === 0 || name === null) return null
  const { namespace } = deployment.metadata
  const { name: owner, uid } = deployment.metadata
  const meta = (own: string, labels: Record<string, string>): Meta =>
    ({
      name: own,
      namespace,
      labels,
      // Gone with its Deployment, whoever deletes it.
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid }],
    }) as Meta
  const slices = (['IPv4', 'IPv6'] as const).flatMap((addressType): EdgeSlice[] => {
    const endpoints = endpointsOf(edges, addressType)
    if (endpoints.length === 0) return []
    const labels = { 'kubernetes.io/service-name': name, [SLICE_LABEL]: SLICE_OWNER }
    return [
      {
        metadata: meta(`${name}-${addressType.toLowerCase()}`, labels),
        addressType,
        ports: [{ name: 'http', port, protocol: 'TCP' }],
        endpoints,
      },
    ]
  })
  const service: EdgeService = {
    metadata: meta(name, { [SERVICE_LABEL]: SERVICE_OWNER }),
    spec: { ports: [{ name: 'http', port: PORT, protocol: 'TCP', targetPort: port }] },
  }
  return { deployment, service, slices }
}

function endpointsOf(edges: readonly Pod[], family: 'IPv4' | 'IPv6'): EdgeSlice['endpoints'] {
  return edges
    .filter(pod => !hasEnded(pod))
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .flatMap(pod => {
      const { status, metadata } = pod
      const ips = status?.podIPs?.map(({ ip }) => ip ?? '') ?? [status?.podIP ?? '']
      const addresses = ips
        .filter(ip => ip !== '' && isIPv6(ip) === (family === 'IPv6'))
        .slice(0, 1)
      const serving = conditionOf(status?.conditions, 'Ready')?.status === 'True'
      const terminating = metadata.deletionTimestamp !== undefined
      const conditions = { ready: serving && !terminating, serving, terminating }
      return addresses.length === 0 ? [] : [{ addresses, conditions }]
    })
}

/** Whether what is there differs from what should be, in what we write. */
export function sameService(kept: EdgeService, wanted: EdgeService): boolean {
  const { name, port, targetPort } = kept.spec.ports[0] ?? {}
  const want = wanted.spec.ports[0]
  return (
    kept.spec.ports.length === 1 &&
    name === want?.name &&
    port === want?.port &&
    targetPort === want?.targetPort &&
    sameOwner(kept, wanted)
  )
}

export function sameSlice(kept: EdgeSlice, wanted: EdgeSlice): boolean {
  const text = ({ ports, endpoints }: EdgeSlice): string =>
    JSON.stringify([
      (ports ?? []).map(({ name, port }) => [name, port]),
      (endpoints ?? []).map(({ addresses, conditions: c }) => [
        addresses,
        c.ready,
        c.serving,
        c.terminating,
      ]),
    ])
  return text(kept) === text(wanted) && sameOwner(kept, wanted)
}

/** A Deployment that was made anew has another uid; the old one's would be collected. */
function sameOwner(kept: { metadata: Meta }, wanted: { metadata: Meta }): boolean {
  return kept.metadata.ownerReferences?.[0]?.uid === wanted.metadata.ownerReferences?.[0]?.uid
}
