import { isMapping } from '../../../core/model/schema.ts'
import type { WebhookFigures } from './figures.ts'
import type { Admitted, AdmissionRequest } from './review.ts'

/** Someone asked for another number of replicas. */
export interface ScaleChange {
  /** namespace/deployment */
  endpoint: string
  from: number
  to: number
  /** The user's name as the API server knows it; null when the request named none. */
  who: string | null
  /** ms since 1970. */
  at: number
}

/** So many changes of one Deployment, and so many Deployments, are remembered. */
const MOST_CHANGES = 8
const MOST_DEPLOYMENTS = 2000

/**
 * Who changed the replicas of Deployments. Only an admission webhook is told: objects do not name who
 * changed them last. So what was changed while no webhook was there, or was refused by another one later,
 * is not known here, and `who` says so by null.
 */
export class ScaleChanges {
  private readonly changes = new Map<string, ScaleChange[]>()

  note(change: ScaleChange): void {
    const known = this.changes.get(change.endpoint) ?? []
    this.changes.delete(change.endpoint)
    this.changes.set(change.endpoint, [...known, change].slice(-MOST_CHANGES))
    for (const oldest of this.changes.keys()) {
      if (this.changes.size <= MOST_DEPLOYMENTS) break
      this.changes.delete(oldest)
    }
  }

  /** The newest change to `to` replicas since then; null when none was seen. */
  who(endpoint: string, to: number, since: number): ScaleChange | null {
    const known = this.changes.get(endpoint) ?? []
    return known.findLast(change => change.to === to && change.at >= since) ?? null
  }

  of(endpoint: string): readonly ScaleChange[] {
    return this.changes.get(endpoint) ?? []
  }
}

export interface ScaledDesk {
  now(): number
  note(change: ScaleChange): void
  figures: WebhookFigures
}

/** POST /scaled: sees who changes replicas, of a Deployment or through its scale subresource. */
export function scaledAdmission(request: AdmissionRequest, desk: ScaledDesk): Admitted {
  const change = changeOf(request, desk.now())
  if (change === null) {
    desk.figures.count('other')
    return {}
  }
  if (change.from !== change.to && request.dryRun !== true) {
    desk.figures.count('scaled')
    desk.note(change)
  }
  return {}
}

function changeOf(request: AdmissionRequest, at: number): ScaleChange | null {
  const { operation, resource, subResource = '', object, oldObject, userInfo } = request
  const { namespace = '', name = '' } = request
  if (operation !== 'UPDATE' || resource.resource !== 'deployments' || name === '') return null
  if (resource.group !== 'apps' || (subResource !== '' && subResource !== 'scale')) return null
  // A Scale of none leaves the number out; a Deployment without one has one replica.
  const otherwise = subResource === 'scale' ? 0 : 1
  const from = replicasOf(oldObject, otherwise)
  const to = replicasOf(object, otherwise)
  if (from === null || to === null) return null
  return { endpoint: `${namespace}/${name}`, from, to, who: userInfo?.username || null, at }
}

function replicasOf(object: unknown, otherwise: number): number | null {
  if (!isMapping(object)) return null
  const spec = object.spec ?? {}
  if (!isMapping(spec)) return null
  const replicas = spec.replicas ?? otherwise
  return Number.isSafeInteger(replicas) && (replicas as number) >= 0 ? (replicas as number) : null
}
