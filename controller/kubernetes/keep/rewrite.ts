import { NAMES, SIDECAR } from '../watch/names.ts'
import { hasEnded } from '../watch/pod.ts'
import type { Pod } from '../watch/objects.ts'
import { numberOf, type Service, type ServiceFinding } from './service.ts'

/** A pod with the ports of its containers. */
export interface PodWithPorts {
  metadata: Pod['metadata']
  spec?: { containers?: Ported[]; initContainers?: Ported[] }
  status?: NonNullable<Pod['status']>
}
interface Ported {
  name: string
  ports?: { name?: string; containerPort: number; protocol?: string }[]
}

export type Rewrite = { patch: unknown[] } | { wait: string }

/**
 * How to let a Service lead to a port's name instead of its number, or why not yet. Pods that have no such
 * name would be left without a request, so each that is selected must have it: those without a sidecar
 * for the very number that the Service has now, so that nothing changes for them.
 */
export function rewriteOf(
  { at, number, name }: ServiceFinding,
  service: Service,
  pods: readonly PodWithPorts[],
): Rewrite {
  if (name === null) {
    // The injector would find a name, but a pod without a sidecar, after an uninstall say, would have none.
    return { wait: `container port ${number} has no name in the Deployment's template` }
  }
  const target = service.spec?.ports?.[at]?.targetPort
  if (target === undefined || numberOf(target) !== number)
    return { wait: 'it has changed meanwhile' }
  const living = pods.filter(pod => pod.metadata.deletionTimestamp === undefined && !hasEnded(pod))
  const without = living.filter(pod => !fits(pod, name, number))
  if (without.length > 0) {
    const names = without.map(({ metadata }) => metadata.name)
    const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ', ...' : '')
    return { wait: `${without.length} of ${living.length} pods have no port ${name} (${shown})` }
  }
  const path = `/spec/ports/${at}/targetPort`
  return {
    patch: [
      { op: 'test', path: '/metadata/resourceVersion', value: service.metadata.resourceVersion },
      { op: 'test', path, value: target },
      { op: 'replace', path, value: name },
    ],
  }
}

function fits(pod: PodWithPorts, name: string, number: number): boolean {
  const found = portNamed(pod, name)
  if (found === null) return false
  if (pod.metadata.labels?.[NAMES.injected] !== 'true') return found === number
  return pod.metadata.annotations?.[NAMES.appPort] === String(number)
}

/** As the endpoints controller looks a name up: the first container that has it, then native sidecars. */
function portNamed({ spec }: PodWithPorts, name: string): number | null {
  const sidecars = (spec?.initContainers ?? []).filter(each => each.name === SIDECAR)
  for (const { ports = [] } of [...(spec?.containers ?? []), ...sidecars]) {
    const found = ports.find(each => each.name === name && (each.protocol ?? 'TCP') === 'TCP')
    if (found !== undefined) return found.containerPort
  }
  return null
}
