import { version } from '../../../cli/version.ts'
import { newAuthority, newServer } from '../../../controller/kubernetes/webhook/x509.ts'
import type { FakeApiServer, Fault } from '../../support/fake-api-server.ts'
import type { Request } from '../../support/fake-api-store.ts'
import { RELEASE } from './cluster.ts'

/** A cluster in which all is well, as its API server has it. */
const DAY = 86_400_000
const IMAGE = `outrigger:${version}`
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const OWN = { 'app.kubernetes.io/name': 'outrigger' }
const READY = { type: 'Ready', status: 'True', lastTransitionTime: '2026-03-01T12:00:00Z' }

const named = (
  name: string,
  more: object = {},
): { metadata: object } & Record<string, unknown> => ({
  metadata: { name },
  ...more,
})

/** Puts it all there; `days`: how long the webhook's certificate lasts. */
export function install(api: FakeApiServer, { days = 80 } = {}): void {
  const now = Date.now()
  const put = (path: string, object: Record<string, unknown>): unknown =>
    api.store.put(path, object)
  put('/api/v1/nodes/n1', named('n1', nodeStatus))
  put('/api/v1/namespaces/outrigger-system', named('outrigger-system'))
  const dns = { metadata: { name: 'kube-dns', labels: { 'k8s-app': 'kube-dns' } } }
  put('/api/v1/namespaces/kube-system/services/kube-dns', dns)
  put(`/apis/apps/v1${RELEASE.slice(7)}/statefulsets/outrigger-controller`, statefulSet)
  for (const [name, component] of Object.entries(pods))
    put(`${RELEASE}/pods/${name}`, ownPod(name, component))
  const renewTime = new Date(now).toISOString()
  const leases = '/apis/coordination.k8s.io/v1/namespaces'
  const holderIdentity = 'outrigger-controller-0_1a'
  const lease = { spec: { holderIdentity, renewTime, leaseDurationSeconds: 15 } }
  put(
    `${leases}/outrigger-system/leases/outrigger-controller`,
    named('outrigger-controller', lease),
  )
  put(`${leases}/kube-node-lease/leases/n1`, named('n1', { spec: { renewTime } }))
  const authority = newAuthority('outrigger webhook a', now - DAY, now + 1000 * DAY)
  const serving = newServer(authority, ['outrigger-webhook'], now - DAY, now + days * DAY)
  const data = { 'ca.crt': base64(authority.cert), 'tls.crt': base64(serving.cert) }
  put(`${RELEASE}/secrets/outrigger-webhook-tls`, named('outrigger-webhook-tls', { data }))
  const service = { name: 'outrigger-webhook', namespace: 'outrigger-system' }
  const clientConfig = { caBundle: data['ca.crt'], service }
  put('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/outrigger', {
    ...named('outrigger'),
    webhooks: [{ name: 'inject.outrigger.dev', clientConfig }],
  })
}

const nodeStatus = { status: { nodeInfo: { kubeletVersion: 'v1.36.3' }, conditions: [READY] } }

const statefulSet = {
  metadata: {
    name: 'outrigger-controller',
    labels: { 'app.kubernetes.io/version': version },
  },
  spec: {
    template: {
      spec: {
        containers: [
          {
            image: IMAGE,
            env: [{ name: 'OUTRIGGER_IMAGE', value: IMAGE }],
          },
        ],
      },
    },
  },
}

const pods: Record<string, string> = {
  'outrigger-controller-0': 'controller',
  'outrigger-controller-1': 'controller',
  'outrigger-aggregator-a': 'aggregator',
  'outrigger-edge-a': 'edge',
}

export function ownPod(
  name: string,
  component: string,
  status: object = {},
): Record<string, unknown> {
  const leader = name === 'outrigger-controller-0' ? { 'outrigger.dev/leader': 'true' } : {}
  return {
    metadata: { name, labels: { ...OWN, 'app.kubernetes.io/component': component, ...leader } },
    spec: { containers: [{ name: component, image: IMAGE }] },
    status: { phase: 'Running', conditions: [READY], ...status },
  }
}

/** What an API server answers by itself: its version, reviews, and pods that its webhook changes. */
export function answers(
  options: { allowed?: (attributes: string) => boolean; trial?: Fault | null } = {},
): (request: Request) => Fault | null {
  const { allowed = () => true } = options
  const json = (status: number, body: object): Fault => ({ status, body: JSON.stringify(body) })
  const injected = { spec: { initContainers: [{ name: 'outrigger' }], containers: [] } }
  return ({ path, body, query }) => {
    if (path === '/version') return json(200, { gitVersion: 'v1.36.3' })
    if (path === '/apis/admissionregistration.k8s.io/v1') return json(200, {})
    if (path.endsWith('accessreviews')) {
      const { spec } = body as { spec: { resourceAttributes: Record<string, string> } }
      const { verb, resource } = spec.resourceAttributes
      return json(201, { status: { allowed: allowed(`${verb} ${resource}`) } })
    }
    if (query.dryRun === 'All') return options.trial ?? json(201, injected)
    return null
  }
}
