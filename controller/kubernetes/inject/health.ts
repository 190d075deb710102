import { portUses, type PortUse } from './handlers.ts'
import type { Container } from './pod.ts'
import type { Plan } from './verdict.ts'

/** Paths that the sidecar lets pass without a slot, beside those of the model's probes. */
const USUAL = ['/healthz', '/readyz', '/health', '/livez', '/ping']

/** Where the model says that it is ready: what the template asks the kubelet to ask, if a plain GET is all. */
export function readyPath({ facts, container, port }: Plan): string | null {
  if (facts.asked.readyPath !== null) return facts.asked.readyPath
  const found = portUses(container).find(
    use =>
      use.what === 'readinessProbe' &&
      use.kind === 'httpGet' &&
      use.number === port.number &&
      !use.special &&
      /^\/[!-~]*$/.test(use.path),
  )
  return found?.path ?? null
}

/** Paths that the kubelet asks of the model by the pod's address: in mode loopback they meet the sidecar. */
export function probedPaths(plan: Plan): string[] {
  const paths = throughSidecar(plan)
    .filter(({ use }) => use.kind === 'httpGet')
    .map(({ use }) => use.path.replace(/[?#].*$/s, ''))
    // Anything else could not be told apart in the list that the sidecar reads.
    .filter(path => /^\/[!-+\--~]*$/.test(path))
  return [...new Set(paths)]
}

export function healthPaths(plan: Plan): string[] {
  return [...new Set([...USUAL, ...probedPaths(plan)])]
}

/** Probes and hooks that the sidecar answers or passes on because it has the pod's address. */
export function throughSidecar({ facts, port }: Plan): { container: Container; use: PortUse }[] {
  if (facts.asked.mode === 'rename') return []
  return facts.pod.spec.containers.flatMap(container =>
    portUses(container)
      .filter(({ number }) => number === port.number)
      .map(use => ({ container, use })),
  )
}
