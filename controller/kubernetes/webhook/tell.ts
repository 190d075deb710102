import type { Kube } from '../api/client.ts'
import type { EventReason } from '../event-reasons.ts'
import type { Owner } from './owner.ts'

/** What is said on an object of the cluster. */
export interface Saying {
  regarding: { apiVersion: string; kind: string; namespace?: string; name: string; uid?: string }
  type: 'Normal' | 'Warning'
  reason: EventReason
  note: string
}

/** Of controller/kubernetes/api/events.ts: rate-limited there. */
export interface Says {
  say(saying: Saying): void
}

/** So many owners' uids are looked up at once; a rollout of a whole cluster is no reason to ask more. */
const MOST_LOOKUPS = 20
const MOST_REMEMBERED = 5000
/** An Event has no more, and what was said is remembered. */
const LONGEST_NOTE = 1000

/**
 * Tells the owners of pods what became of their injection: once for each template of an owner and each
 * thing said. Never waited for: an admission that waits for Events would be slow when Events are.
 */
export class Teller {
  private readonly kube: Kube
  private readonly events: Says
  private readonly said = new Set<string>()
  private lookups = 0

  constructor(kube: Kube, events: Says) {
    this.kube = kube
    this.events = events
  }

  tell(owner: Owner | null, type: Saying['type'], reason: EventReason, words: string): void {
    if (owner === null) return
    const note = words.slice(0, LONGEST_NOTE).toWellFormed()
    const { namespace, kind, name, template } = owner
    const key = JSON.stringify([namespace, kind, name, template, reason, note])
    if (this.said.has(key)) return
    this.said.add(key)
    for (const oldest of this.said) {
      if (this.said.size <= MOST_REMEMBERED) break
      this.said.delete(oldest)
    }
    void this.regarding(owner).then(regarding => this.events.say({ regarding, type, reason, note }))
  }

  /** With its uid, which `kubectl describe` asks for; without it when that can't be had soon. */
  private async regarding(owner: Owner): Promise<Saying['regarding']> {
    const { apiVersion, kind, namespace, name, uid } = owner
    const known = uid ?? (kind === 'Deployment' ? await this.uidOf(namespace, name) : undefined)
    return { apiVersion, kind, namespace, name, ...(known === undefined ? {} : { uid: known }) }
  }

  private async uidOf(namespace: string, name: string): Promise<string | undefined> {
    if (this.lookups >= MOST_LOOKUPS) return undefined
    this.lookups++
    try {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
      return (await this.kube.get<{ metadata?: { uid?: string } }>(path)).metadata?.uid
    } catch {
      return undefined
    } finally {
      this.lookups--
    }
  }
}
