import { randomBytes } from 'node:crypto'
import type { ClusterConfig } from '../config.ts'
import { inject, type Injection } from './inject/inject.ts'

/** Of the sidecar, where the configuration says nothing. */
const RESOURCES = { requests: { cpu: '25m', memory: '80Mi' }, limits: { memory: '256Mi' } }

/** The injector as this installation has it, for the webhook. */
export function injecting(
  cluster: ClusterConfig,
  rootKey: string,
): (pod: unknown, namespace: string) => Injection {
  const { image, pullPolicy, pullSecrets, sidecarResources } = cluster
  const fixed = {
    image,
    pullPolicy,
    rootKey,
    excluded: [cluster.namespace, 'kube-system', 'kube-node-lease', 'kube-public'],
    resources: sidecarResources ?? RESOURCES,
    imagePullSecrets: pullSecrets,
  }
  return (pod, namespace) =>
    inject(pod, { ...fixed, namespace, drainSecret: randomBytes(16).toString('base64url') })
}
