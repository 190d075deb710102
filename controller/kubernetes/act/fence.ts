import { MOST_EPOCH } from '../../../core/model/order.ts'
import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import { MANAGER, NAMES } from '../watch/names.ts'
import { nameOf, type Deployment } from '../watch/objects.ts'
import { each } from './each.ts'

/** The lease epoch that last wrote to a Deployment; 0 for none, and for what no controller ever gave. */
export function epochOf({ metadata }: Deployment): number {
  const text = metadata.annotations?.[NAMES.epoch] ?? ''
  const epoch = /^\d{1,15}$/.test(text) ? Number(text) : 0
  return epoch < MOST_EPOCH ? epoch : 0
}

export function pathOf(endpoint: string): string {
  const [namespace, name] = endpoint.split('/')
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
}

/** Writes annotations of a Deployment as it was read: a 409 when somebody wrote since. */
export function annotate(
  kube: Kube,
  deployment: Deployment,
  annotations: Record<string, string | null>,
): Promise<Deployment> {
  const { resourceVersion } = deployment.metadata
  const body = { metadata: { resourceVersion, annotations } }
  return kube.patch(pathOf(nameOf(deployment)), body, 'merge', { fieldManager: MANAGER })
}

export interface FenceDesk {
  kube: Kube
  held: () => boolean
  log: Log
}

export interface Fenced {
  stamped: string[]
  failed: { endpoint: string; why: string }[]
}

const TRIES = 5

/**
 * Stamps the epoch on each endpoint's Deployment. Its resourceVersion moves on, so whatever an older
 * leader has read before fails on its precondition, and what it reads afterwards names a newer epoch.
 */
export async function fence(
  endpoints: readonly string[],
  epoch: number,
  desk: FenceDesk,
): Promise<Fenced> {
  const fenced: Fenced = { stamped: [], failed: [] }
  await each(endpoints, async endpoint => {
    const why = await stampOne(endpoint, epoch, desk)
    if (why === null) fenced.stamped.push(endpoint)
    else fenced.failed.push({ endpoint, why })
  })
  if (fenced.failed.length > 0) desk.log('warn', 'not every Deployment is fenced', { ...fenced })
  return fenced
}

/** Null when it is stamped or gone, else why it is not. */
async function stampOne(
  endpoint: string,
  epoch: number,
  { kube, held, log }: FenceDesk,
): Promise<string | null> {
  let why = ''
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const deployment = await kube.get<Deployment>(pathOf(endpoint))
      const found = epochOf(deployment)
      if (found === epoch) return null
      if (!held()) return NOT_HELD
      // The Lease names our epoch and we hold it, so a greater one is of no living controller: it was left by
      // an installation whose Lease is gone, or written by hand.
      if (found > epoch)
        log('warn', 'an epoch that no controller has is replaced', { endpoint, found })
      await annotate(kube, deployment, { [NAMES.epoch]: String(epoch) })
      return null
    } catch (error) {
      if (statusOf(error) === 404) return null
      why = wordsOfError(error)
    }
  }
  return why
}

export const NOT_HELD = 'this controller holds the lease no more'
