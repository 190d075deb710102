import type { ScaleRequest } from '../../../core/model/tables.ts'
import type { Log } from '../../../core/runtime/log.ts'
import type { Tried } from '../../act/actuator.ts'
import type { Kube } from '../api/client.ts'
import { ApiError, statusOf } from '../api/error.ts'
import { wordsOf, type Rival } from '../watch/conflicts.ts'
import { MANAGER, NAMES } from '../watch/names.ts'
import type { Deployment, Pod } from '../watch/objects.ts'
import { desiredOf, wantsInjection } from '../watch/table.ts'
import { annotate, epochOf, NOT_HELD, pathOf } from './fence.ts'
import { mark, marksFor } from './victims.ts'

/** What is known of an endpoint when it is to be scaled. */
export interface Scaling {
  /** `desired` of the newest table, the version at which it changed, and that of the table. */
  desired: { replicas: number; setAt: number; version: number } | null
  rival: Rival | null
  pods: readonly Pod[]
}

export interface ScaleDesk {
  kube: Kube
  look: (endpoint: string) => Scaling
  /** Whether this controller holds the lease: asked immediately before each write. */
  held: () => boolean
  scaled: (endpoint: string, from: number, to: number) => void
  log: Log
}

/** A write that raced with another is done again at once, so often. */
const RACES = 3

const refused = (words: string): Tried => ({
  done: false,
  again: false,
  words: words.slice(0, 300).toWellFormed(),
})

/**
 * Brings a Deployment to as many replicas as a decision wants:
 * 1 refuse what the table says already: another scaler, or a decision that did not see the newest count
 * 2 read the Deployment anew 3 refuse a newer epoch, and a count that somebody has just changed
 * 4 stamp our epoch 5 mark the victims 6 write the scale, if nobody wrote since the read.
 * A rollout that is paused still scales: the Deployment controller does, and so do we. Removing replicas is
 * no eviction, so PodDisruptionBudgets don't hold it back, as with `kubectl scale`.
 */
export async function scale(endpoint: string, want: ScaleRequest, desk: ScaleDesk): Promise<Tried> {
  const unseen = whyStale(endpoint, want, desk.look(endpoint))
  if (unseen !== null) return refused(unseen)
  for (let races = 0; races < RACES; races++) {
    const tried = await once(endpoint, want, desk)
    if (tried !== 'raced') return tried
  }
  return { done: false, again: true, words: 'the Deployment is written by others all the time' }
}

async function once(
  endpoint: string,
  want: ScaleRequest,
  desk: ScaleDesk,
): Promise<Tried | 'raced'> {
  const { kube, held } = desk
  try {
    let deployment = await kube.get<Deployment>(pathOf(endpoint))
    const from = desiredOf(deployment)
    const why = whyNot(deployment, want)
    if (why !== null) return refused(why)
    if (from === want.replicas) return { done: true, again: false, words: `${from} already` }
    // Again: the table may have heard of a change while we read.
    const looked = desk.look(endpoint)
    const unseen = whyStale(endpoint, want, looked) ?? whyChanged(from, looked)
    if (unseen !== null) return refused(unseen)
    if (epochOf(deployment) < want.epoch) {
      if (!held()) return refused(NOT_HELD)
      deployment = await annotate(kube, deployment, { [NAMES.epoch]: String(want.epoch) })
    }
    const { pods } = looked
    const victims = want.replicas < from ? want.victims : []
    if (!(await mark(marksFor(pods, victims), desk))) return refused(NOT_HELD)
    const version = await write(kube, endpoint, want.replicas, deployment)
    desk.scaled(endpoint, from, want.replicas)
    return { done: true, again: false, words: `${from} to ${want.replicas} in version ${version}` }
  } catch (error) {
    if (statusOf(error) === 409) return 'raced'
    return refusalOf(error, endpoint)
  }
}

/** Why the table forbids it, or null: another scaler, or a count that the decision did not see. */
function whyStale(
  endpoint: string,
  want: ScaleRequest,
  { desired, rival }: Scaling,
): string | null {
  if (desired === null) return `there is no endpoint ${endpoint} any more`
  if (rival !== null) return wordsOf(rival)
  const { version, setAt } = desired
  if (want.version <= version && want.version >= setAt) return null
  return `the decision saw version ${want.version}; replicas were set at ${setAt}, and this is ${version}`
}

/** Why the Deployment, just read, forbids it, or null. */
function whyNot(deployment: Deployment, want: ScaleRequest): string | null {
  const epoch = epochOf(deployment)
  if (epoch > want.epoch)
    return `a controller of epoch ${epoch} decides now, and this one is of ${want.epoch}`
  if (deployment.metadata.deletionTimestamp !== undefined) return 'the Deployment is being deleted'
  return wantsInjection(deployment) ? null : 'the Deployment is annotated no more'
}

/** A count that the table has not heard of yet. */
function whyChanged(now: number, { desired }: Scaling): string | null {
  if (now === desired?.replicas) return null
  return `replicas were set to ${now} a moment ago: the next decision starts from there`
}

/** Server-side apply, so that `replicas` is ours in managedFields: GitOps tools see who owns it. */
async function write(
  kube: Kube,
  endpoint: string,
  replicas: number,
  { metadata: { name, namespace, resourceVersion } }: Deployment,
): Promise<string> {
  const scaled = await kube.patch<{ metadata: { resourceVersion?: string } }>(
    `${pathOf(endpoint)}/scale`,
    {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name, namespace, resourceVersion },
      spec: { replicas },
    },
    'apply',
    { fieldManager: MANAGER, force: true },
  )
  return scaled.metadata.resourceVersion ?? '?'
}

/** What the API server will refuse again is said; the rest is thrown, and tried again. */
function refusalOf(error: unknown, endpoint: string): Tried {
  if (!(error instanceof ApiError)) throw error
  const { status, message } = error
  if (status === 404) return refused(`there is no Deployment ${endpoint} any more`)
  if (status === 403) return refused(`not allowed: ${message}`)
  if (status >= 400 && status < 500 && status !== 429 && status !== 401 && status !== 408)
    return refused(`${status} ${message}`)
  throw error
}
