import type { PodWithPorts } from '../../../../controller/kubernetes/keep/rewrite.ts'
import type { Service } from '../../../../controller/kubernetes/keep/service.ts'
import type { Deployment, Pod } from '../../../../controller/kubernetes/watch/objects.ts'

/** Objects as the API has them, with what the keepers look at. */
const HASH = '5d4f8c7b9'

export function deploymentOf(over: {
  annotations?: Record<string, string>
  own?: Record<string, string>
  port?: object
  status?: object
}): Deployment {
  const { annotations = {}, own = {}, status = { replicas: 2 } } = over
  const { port = { name: 'http', containerPort: 8080 } } = over
  return {
    metadata: {
      name: 'model',
      namespace: 'default',
      uid: 'uid-model',
      annotations: own,
    },
    spec: {
      selector: { matchLabels: { app: 'model' } },
      template: {
        metadata: {
          labels: { app: 'model' },
          annotations: { 'outrigger.dev/inject': 'true', ...annotations },
        },
        spec: { containers: [{ name: 'model', image: 'm', ports: [port] }] },
      },
    },
    status,
  } as unknown as Deployment
}

export function serviceOf(targetPort: number | string, over: object = {}): Service {
  return {
    metadata: { name: 'model', namespace: 'default', resourceVersion: '7' },
    spec: {
      clusterIP: '10.0.0.1',
      selector: { app: 'model' },
      ports: [{ port: 80, targetPort }],
      ...over,
    },
  }
}

/** A pod of the Deployment, injected or not. */
export function podOf(
  name: string,
  injected: boolean,
  over: { metadata?: object; readyAt?: number; port?: object; spec?: object } = {},
): Pod & PodWithPorts {
  const { port = { name: 'http', containerPort: 8080 }, readyAt = 0 } = over
  const labels = { app: 'model', 'pod-template-hash': HASH }
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `model-${HASH}` }
  const written = { 'outrigger.dev/app-port': '8080', 'outrigger.dev/mode': 'rename' }
  const sidecar = { name: 'outrigger', ports: [{ name: 'http', containerPort: 15080 }] }
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      labels: injected ? { ...labels, 'outrigger.dev/injected': 'true' } : labels,
      annotations: { 'outrigger.dev/inject': 'true', ...(injected ? written : {}) },
      ownerReferences: [{ ...owner, uid: 'uid-rs', controller: true }],
      ...over.metadata,
    },
    spec: {
      containers: [
        {
          name: 'model',
          ports: [injected ? { name: 'outrigger-app', containerPort: 8080 } : port],
        },
      ],
      ...(injected ? { initContainers: [sidecar] } : {}),
      ...over.spec,
    },
    status: {
      phase: 'Running',
      conditions: [
        { type: 'Ready', status: 'True', lastTransitionTime: new Date(readyAt).toISOString() },
      ],
    },
  } as unknown as Pod & PodWithPorts
}
