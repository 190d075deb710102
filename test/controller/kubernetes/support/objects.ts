import type { KeptDeployment } from '../../../../controller/kubernetes/watch/keep.ts'
import type { Deployment, Pod } from '../../../../controller/kubernetes/watch/objects.ts'

/** Objects as the API server keeps them, for tests. */
export const T0 = Date.parse('2026-03-01T12:00:00Z')
export const at = (seconds: number): string =>
  new Date(T0 + seconds * 1000).toISOString().replace('.000', '')

interface DeploymentParts {
  replicas?: number
  annotations?: Record<string, string>
  template?: Record<string, string>
  status?: Deployment['status']
  created?: number
  paused?: boolean
}

export function deployment(name: string, parts: DeploymentParts = {}): KeptDeployment {
  const [namespace = '', own = ''] = name.split('/')
  return {
    metadata: {
      name: own,
      namespace,
      uid: `uid-${own}`,
      generation: 1,
      creationTimestamp: at(parts.created ?? 0),
      annotations: parts.annotations ?? {},
    },
    spec: {
      replicas: parts.replicas ?? 1,
      ...(parts.paused === undefined ? {} : { paused: parts.paused }),
      template: {
        metadata: { annotations: { 'outrigger.dev/inject': 'true', ...parts.template } },
      },
    },
    ...(parts.status === undefined ? {} : { status: parts.status }),
    templateRevision: 'template00000000',
  }
}

interface PodParts {
  revision?: string
  hash?: string
  created?: number
  ready?: boolean | null
  readyAt?: number
  annotations?: Record<string, string>
  status?: NonNullable<Pod['status']>
  leaving?: boolean
}

/** An injected pod of a Deployment: `namespace/name-suffix`. */
export function pod(endpoint: string, suffix: string, parts: PodParts = {}): Pod {
  const [namespace = '', name = ''] = endpoint.split('/')
  const { hash = 'aaa', created = 0, ready = true, readyAt = created + 2 } = parts
  const condition = {
    type: 'Ready',
    status: ready === true ? 'True' : 'False',
    lastTransitionTime: at(ready === true ? readyAt : created),
  }
  return {
    metadata: {
      name: `${name}-${hash}-${suffix}`,
      namespace,
      uid: `uid-${name}-${hash}-${suffix}`,
      creationTimestamp: at(created),
      ...(parts.leaving === true ? { deletionTimestamp: at(created + 100) } : {}),
      labels: { 'outrigger.dev/injected': 'true', 'pod-template-hash': hash },
      annotations: {
        'outrigger.dev/endpoint': endpoint,
        'outrigger.dev/revision': parts.revision ?? 'revision0000000a',
        ...parts.annotations,
      },
      ownerReferences: [{ kind: 'ReplicaSet', name: `${name}-${hash}`, uid: `rs-${hash}` }],
    },
    spec: { containers: [{ name: 'app' }], initContainers: [{ name: 'outrigger' }] },
    status: {
      phase: 'Running',
      podIP: '10.244.0.7',
      hostIP: '10.0.0.1',
      startTime: at(created),
      conditions: ready === null ? [] : [condition],
      ...parts.status,
    },
  }
}
