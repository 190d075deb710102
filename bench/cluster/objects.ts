import { generateKeyPairSync } from 'node:crypto'
import { injectAll } from '../../cli/inject-offline.ts'
import { each } from '../../controller/kubernetes/act/each.ts'
import type { Kube } from '../../controller/kubernetes/api/client.ts'

/** The fleet's objects: nodes whose pods have loopback addresses, Deployments as the webhook would leave their pods. */
export const SYSTEM = 'outrigger-system'
export const CONTROLLER_POD = 'outrigger-controller-0'
const PODS_A_NODE = 400

export async function makeNodes(kube: Kube, count: number): Promise<void> {
  const room = { cpu: '1k', memory: '1Ti', pods: String(PODS_A_NODE) }
  await each([...Array(count).keys()], async i => {
    // Whoever sends to a fake pod reaches this machine.
    const range = `127.${i + 1}.0.0/16`
    await kube.create('/api/v1/nodes', {
      metadata: { name: `fake-${i}` },
      spec: { podCIDR: range, podCIDRs: [range] },
      status: { capacity: room, allocatable: room },
    })
  })
}

export async function makeEndpoints(
  kube: Kube,
  fleet: { endpoints: number; replicas: number; adminPort: number },
): Promise<void> {
  const namespaces = [...Array(Math.ceil(fleet.endpoints / 50)).keys()].map(i => `team-${i}`)
  for (const name of [SYSTEM, ...namespaces])
    await kube.create('/api/v1/namespaces', { metadata: { name } })
  await kube.create(`/api/v1/namespaces/${SYSTEM}/pods`, controllerPod)
  const { publicKey } = generateKeyPairSync('ed25519')
  const rootKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  await each([...Array(fleet.endpoints).keys()], async i => {
    const namespace = namespaces[i % namespaces.length] ?? ''
    const plain = deployment(`model-${i}`, namespace, fleet.replicas)
    const { objects } = injectAll([plain], { image: 'outrigger:bench', namespace, rootKey })
    const [made] = objects as [typeof plain]
    Object.assign(made.spec.template.metadata.annotations, {
      // All sidecars are one process, which listens where there is room.
      'outrigger.dev/admin-port': String(fleet.adminPort),
      'outrigger.dev/revision': 'rev-1',
    })
    await kube.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, made)
  })
}

/** Never fewer than it begins with, so that calm traffic changes nothing; up to twice as many. */
function deployment(name: string, namespace: string, replicas: number) {
  const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'bench' }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      annotations: {
        'outrigger.dev/min-replicas': String(replicas),
        'outrigger.dev/max-replicas': String(2 * replicas),
        'outrigger.dev/limit-max': '16',
        'outrigger.dev/latency-objective': '500ms',
      },
    },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          annotations: { 'outrigger.dev/inject': 'true' } as Record<string, string>,
        },
        spec: {
          automountServiceAccountToken: false,
          containers: [
            {
              name: 'model',
              image: 'models.example/classifier:1.4.2',
              args: ['--port', '8080', '--workers', '1'],
              ports: [{ name: 'http', containerPort: 8080 }],
              env: [{ name: 'MODEL', value: name }],
              resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1' } },
              readinessProbe: { httpGet: { path: '/v1/health', port: 'http' } },
            },
          ],
        },
      },
    },
  }
}

const controllerPod = {
  metadata: { name: CONTROLLER_POD, labels: { 'app.kubernetes.io/component': 'controller' } },
  spec: { containers: [{ name: 'controller', image: 'outrigger:bench' }] },
}
