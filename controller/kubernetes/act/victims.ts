import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import { DELETION_COST, MANAGER, NAMES } from '../watch/names.ts'
import type { Pod } from '../watch/objects.ts'
import { each } from './each.ts'

/** Below what an unmarked pod costs (0). */
const COST = '-100'

/** What is to be written on one pod. */
export interface Mark {
  pod: Pod
  annotations: Record<string, string | null>
}

/**
 * Which pods need another deletion cost: victims get ours, and what they had is kept beside it; those that
 * were victims before and were not taken get back what they had.
 */
export function marksFor(pods: readonly Pod[], victims: readonly string[]): Mark[] {
  const chosen = new Set(victims)
  return pods.flatMap((pod): Mark[] => {
    const { name, annotations = {}, deletionTimestamp } = pod.metadata
    const before = annotations[NAMES.victim]
    if (deletionTimestamp !== undefined) return []
    if (chosen.has(name)) {
      if (before !== undefined && annotations[DELETION_COST] === COST) return []
      const kept = before ?? annotations[DELETION_COST] ?? ''
      return [{ pod, annotations: { [DELETION_COST]: COST, [NAMES.victim]: kept } }]
    }
    if (before === undefined) return []
    // Someone else's cost that was written since stays.
    const ours = annotations[DELETION_COST] === COST
    const restored = ours ? { [DELETION_COST]: before === '' ? null : before } : {}
    return [{ pod, annotations: { ...restored, [NAMES.victim]: null } }]
  })
}

/**
 * Writes the marks. One that fails costs the choice of that pod, not the scaling: its ReplicaSet then
 * chooses by its own order. False when the lease went meanwhile.
 */
export async function mark(
  marks: readonly Mark[],
  desk: { kube: Kube; held: () => boolean; log: Log },
): Promise<boolean> {
  const { kube, held, log } = desk
  await each(marks, async ({ pod, annotations }) => {
    if (!held()) return
    const { namespace, name, uid } = pod.metadata
    const body = { metadata: { uid, annotations } }
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`
    try {
      await kube.patch(path, body, 'merge', { fieldManager: MANAGER })
    } catch (error) {
      if (statusOf(error) !== 404)
        log('warn', "can't mark a pod that is to go", { name, why: wordsOfError(error) })
    }
  })
  return held()
}
