import { ownerOf } from '../webhook/owner.ts'
import { hasSidecar, NAMES } from '../watch/names.ts'
import { nameOf, type Deployment, type Pod } from '../watch/objects.ts'
import { hasEnded } from '../watch/pod.ts'

/** Something to say on a Deployment. */
export interface Finding {
  /** Reason of the Event. */
  reason: 'SidecarMissing' | 'OutriggerSkipped' | 'TrafficBypassesSidecar'
  endpoint: string
  note: string
}

/** What the injector would make of a pod now. */
export type WouldInject = (
  pod: unknown,
  namespace: string,
) => { verdict: 'injected' | 'skipped' | 'already'; reasons: readonly { sentence: string }[] }

/** Endpoints that have more pods than injected ones: only there it is worth to ask for the pods. */
export function suspects(
  deployments: readonly Deployment[],
  injected: (endpoint: string) => number,
): Deployment[] {
  return deployments.filter(each => (each.status?.replicas ?? 0) > injected(nameOf(each)))
}

/**
 * Pods that ask for a sidecar and have none. The webhook is asked when a pod is made and never again, so
 * one that was made past it stays without; why so is the injector's to say: it is asked again.
 */
export function missing(
  deployment: Deployment,
  pods: readonly Pod[],
  wouldInject: WouldInject,
): Finding[] {
  const { name, namespace } = deployment.metadata
  const endpoint = nameOf(deployment)
  const own = pods.filter(pod => isOf(pod, deployment) && isLiving(pod))
  const without = own.filter(pod => asks(pod) && !hasSidecar(pod))
  const judged = without.map(pod => ({ pod, ...wouldInject(pod, namespace) }))
  const missed = judged.filter(({ verdict }) => verdict === 'injected').map(({ pod }) => pod)
  const skipped = judged.find(({ verdict }) => verdict === 'skipped')
  const found: Finding[] = []
  if (missed.length > 0) {
    const note =
      `${missed.length} of ${own.length} pods run without a sidecar (${shown(missed)}): they were made ` +
      'while the webhook was away or not asked. To have them made anew: ' +
      `kubectl rollout restart deployment/${name} -n ${namespace}`
    found.push({ reason: 'SidecarMissing', endpoint, note })
  }
  if (skipped !== undefined) {
    const why = skipped.reasons.map(({ sentence }) => sentence).join(' ')
    found.push({ reason: 'OutriggerSkipped', endpoint, note: `Not injected: ${why}` })
  }
  return found
}

function isOf(pod: Pod, { metadata }: Deployment): boolean {
  const owner = ownerOf(pod, pod.metadata.namespace)
  return owner?.kind === 'Deployment' && owner.name === metadata.name
}

function isLiving(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && !hasEnded(pod)
}

/** A pod of an older template may not ask: it goes with its rollout. */
function asks({ metadata }: Pod): boolean {
  return metadata.annotations?.[NAMES.inject] === 'true'
}

export function shown(pods: readonly Pod[]): string {
  const names = pods.map(({ metadata }) => metadata.name)
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ', ...' : '')
}
