import { NAMES } from '../watch/names.ts'
import type { Pod } from '../watch/objects.ts'
import { readySince } from '../watch/pod.ts'
import { shown, type Finding } from './missing.ts'
import type { ServiceFinding } from './service.ts'

/** What is known of one pod over the last minutes. */
export interface Traffic {
  /** Requests that its sidecar saw. */
  offered: number
  /** Connections to the model that are not from its sidecar; null where nobody counts them. */
  connections: number | null
  /** CPU of the model, in thousandths of a core; null where unknown. */
  cpuMillis: number | null
}

/** A pod that was made just now has seen no request in good order. */
const SETTLED_MS = 300_000
/** A model that only answers probes and scrapes uses less. */
const BUSY_MILLIS = 50

/**
 * Injected pods whose sidecar sees nothing while requests reach the model: a Service that leads past it,
 * or clients that connect to the pod by themselves. A model that merely idles is none of these.
 */
export function bypassed(
  endpoint: string,
  pods: readonly Pod[],
  traffic: (pod: Pod) => Traffic | null,
  services: readonly ServiceFinding[],
  now: number,
): Finding[] {
  const way = services.find(each => each.endpoint === endpoint)
  const settled = pods.filter(pod => {
    const since = readySince(pod)
    return (
      pod.metadata.deletionTimestamp === undefined && since !== null && now - since >= SETTLED_MS
    )
  })
  const found = settled.filter(pod => {
    const seen = traffic(pod)
    return seen !== null && seen.offered === 0 && (way !== undefined || works(seen))
  })
  if (found.length === 0) return []
  const mode = found[0]?.metadata.annotations?.[NAMES.mode]
  const clients =
    mode === 'loopback'
      ? 'Something inside the pod asks the model by itself: let it ask the sidecar.'
      : 'Clients connect to the pods past the Service: let them use it, or use outrigger.dev/mode: loopback.'
  const cause = way === undefined ? clients : `${way.sentence} ${way.fix}`
  const what = `The sidecars of ${found.length} pods (${shown(found)}) see no request`
  const note = `${what}${way === undefined ? ' while their models work' : ''}. ${cause}`
  return [{ reason: 'TrafficBypassesSidecar', endpoint, note }]
}

function works({ connections, cpuMillis }: Traffic): boolean {
  return (connections ?? 0) > 0 && (cpuMillis === null || cpuMillis >= BUSY_MILLIS)
}
