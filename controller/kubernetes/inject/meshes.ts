import type { Pod } from './pod.ts'

/**
 * Sidecars of others. They stand before ours: what comes to the pod reaches them first, then our sidecar, then
 * by loopback, which they leave alone, the model. So they are respected, not counted as the model's
 * containers, and only Istio, whose agent listens where ours would, needs an answer.
 */
const foreign: ReadonlySet<string> = new Set([
  'istio-proxy',
  'istio-init',
  'istio-validation',
  'linkerd-proxy',
  'linkerd-init',
  'linkerd-network-validator',
  'kuma-sidecar',
  'kuma-init',
  'consul-dataplane',
  'consul-connect-inject-init',
  'daprd',
])

export function isForeign(container: string): boolean {
  return foreign.has(container)
}

export type Mesh = 'istio' | 'linkerd'

/** The mesh whose sidecar is in the pod, or will be when its own webhook is asked. */
export function meshOf(pod: Pod, namespaceLabels: Readonly<Record<string, string>>): Mesh | null {
  const names = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ name }) => name)
  if (names.some(name => name.startsWith('istio-'))) return 'istio'
  if (names.some(name => name.startsWith('linkerd-'))) return 'linkerd'
  const labels = pod.metadata?.labels ?? {}
  const annotations = pod.metadata?.annotations ?? {}
  if (istioWill(labels, annotations, namespaceLabels)) return 'istio'
  return /^(enabled|ingress)$/.test(annotations['linkerd.io/inject'] ?? '') ? 'linkerd' : null
}

type Texts = Readonly<Record<string, string>>

/** As Istio's injector decides it: the pod's word counts before the namespace's. */
function istioWill(labels: Texts, annotations: Texts, namespace: Texts): boolean {
  const own = labels['sidecar.istio.io/inject'] ?? annotations['sidecar.istio.io/inject']
  if (own !== undefined) return own === 'true'
  if (namespace['istio-injection'] !== undefined) return namespace['istio-injection'] === 'enabled'
  return labels['istio.io/rev'] !== undefined || namespace['istio.io/rev'] !== undefined
}

/** Read by Istio's init container and CNI plugin: what these name is not redirected to its proxy. */
export const ISTIO_EXCLUDED = 'traffic.sidecar.istio.io/excludeInboundPorts'

/** The value of ISTIO_EXCLUDED with these ports in it; null when they are in already. */
export function excluding(before: string | undefined, ports: readonly number[]): string | null {
  const named = (before ?? '')
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
  const missing = ports.map(String).filter(port => !named.includes(port))
  return missing.length === 0 || named.includes('*') ? null : [...named, ...missing].join(',')
}

/** Whether Istio's rules are in the pod already, so that the annotation is too late for its init container. */
export function istioRulesSet(pod: Pod): boolean {
  return (pod.spec.initContainers ?? []).some(({ name }) => name === 'istio-init')
}
