import { randomBytes } from 'node:crypto'
import type { ClusterConfig } from '../config.ts'
import type { Injecting } from './inject/context.ts'
import { inject, type Injection } from './inject/inject.ts'

/** Of the sidecar, where the configuration says nothing. */
const RESOURCES = { requests: { cpu: '25m', memory: '80Mi' }, limits: { memory: '256Mi' } }

export type Decide = (pod: unknown, namespace: string) => Injection

/** The injector as this installation has it, for the webhook and its keepers. */
export function injecting(
  cluster: ClusterConfig,
  rootKey: string,
  around: (namespace: string) => Partial<Injecting>,
): Decide {
  const { image, pullPolicy, pullSecrets, sidecarResources } = cluster
  const fixed = {
    image,
    pullPolicy,
    rootKey,
    excluded: [cluster.namespace, 'kube-system', 'kube-node-lease', 'kube-public'],
    resources: sidecarResources ?? RESOURCES,
    imagePullSecrets: pullSecrets,
  }
  return (pod, namespace) => {
    const drainSecret = randomBytes(16).toString('base64url')
    return inject(pod, { ...around(namespace), ...fixed, namespace, drainSecret })
  }
}
