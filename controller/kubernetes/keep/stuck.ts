import {
  conditionOf,
  timeOf,
  type Condition,
  type Deployment,
  type Meta,
} from '../watch/objects.ts'
import { PREFIX } from '../watch/names.ts'

/** What is read of a ReplicaSet. */
export interface ReplicaSet {
  metadata: Meta
  status?: { conditions?: Condition[] }
}

/** When a ReplicaSet was last woken. */
export const RETRY = `${PREFIX}retry`
const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 600_000

/**
 * Whether pods could not be made because our webhook was not there: what a ReplicaSet says of itself, and
 * a Deployment of its ReplicaSets. `webhook` as it is registered.
 */
export function failedByUs(
  { status }: { status?: { conditions?: Condition[] } },
  webhook: string,
): boolean {
  const failure = conditionOf(status?.conditions, 'ReplicaFailure')
  return (
    failure?.status === 'True' &&
    failure.reason === 'FailedCreate' &&
    (failure.message ?? '').includes(`webhook "${webhook}"`)
  )
}

/**
 * ReplicaSets of a Deployment to wake now: their controller tries again after ever longer waits, up to a
 * thousand seconds, but at once when the object changes. `woken` says how often each was: one that fails
 * again and again is woken ever more seldom, by whichever replica of ours is first.
 */
export function toWake(
  { metadata: { uid } }: Deployment,
  replicaSets: readonly ReplicaSet[],
  webhook: string,
  woken: (uid: string) => number,
  now: number,
): ReplicaSet[] {
  return replicaSets.filter(each => {
    const { ownerReferences = [], annotations = {}, deletionTimestamp } = each.metadata
    if (deletionTimestamp !== undefined || !failedByUs(each, webhook)) return false
    if (!ownerReferences.some(owner => owner.uid === uid)) return false
    const last = timeOf(annotations[RETRY])
    const wait = Math.min(
      LONGEST_WAIT_MS,
      FIRST_WAIT_MS * 2 ** Math.min(20, woken(each.metadata.uid)),
    )
    // A time in the future is of a clock that was ahead.
    return last === null || now < last || now - last >= wait
  })
}
