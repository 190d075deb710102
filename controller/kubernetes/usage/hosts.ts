import type { Pod } from '../watch/objects.ts'
import { hasEnded } from '../watch/pod.ts'

/** Pods by the address of the node that they run on. */
export function podsByHost(pods: readonly Pod[]): Map<string, Pod[]> {
  const byHost = new Map<string, Pod[]>()
  for (const pod of pods) {
    const host = pod.status?.hostIP
    if (!host || hasEnded(pod)) continue
    const others = byHost.get(host)
    if (others === undefined) byHost.set(host, [pod])
    else others.push(pod)
  }
  return byHost
}
