import type { Override } from '../../../core/model/decision.ts'
import { sentence } from '../../../core/model/schema.ts'
import type { Settings } from '../../../core/model/settings.ts'
import { annotationsOf, readAnnotations, withRival } from './annotations.ts'
import { wordsOf, type Rival } from './conflicts.ts'
import { nameOf, type Deployment } from './objects.ts'

interface Wish {
  /** Who was read: a watch gives a new object for each change. */
  of: Deployment
  /** The annotations that were read. */
  text: string
  /** The last good ones; null before there were any. */
  settings: Settings | null
  /** What is wrong with those of now. */
  issues: string
  rival: string
}

export interface WishesDesk {
  deployment: (endpoint: string) => Deployment | null
  rivalOf: (deployment: Deployment) => Rival | null
  /** ms since 1970. */
  now: () => number
  /** Something is not as people wish it, in words; said once until it changes. */
  tell: (deployment: Deployment, reason: 'InvalidAnnotation' | 'Refused', note: string) => void
}

/** What people wish of endpoints, by annotations. A wrong value changes nothing: the last good settings stay. */
export class Wishes {
  private readonly desk: WishesDesk
  private readonly byEndpoint = new Map<string, Wish>()

  constructor(desk: WishesDesk) {
    this.desk = desk
  }

  /** Null for an unknown endpoint, and where none of its annotations were good since we started. */
  settingsOf(endpoint: string): Settings | null {
    const deployment = this.desk.deployment(endpoint)
    return deployment === null ? null : this.read(deployment).settings
  }

  /** Those in force now. Somebody else who scales is one of them. */
  overridesOf(endpoint: string): Override[] {
    const deployment = this.desk.deployment(endpoint)
    if (deployment === null) return []
    const { overrides, settings } = readAnnotations(annotationsOf(deployment), this.desk.now())
    const { settings: good } = this.read(deployment)
    return withRival(overrides, good ?? settings, this.desk.rivalOf(deployment))
  }

  /** Looks at all of them, so that what is wrong is said also where nobody asks. */
  look(deployments: readonly Deployment[]): void {
    const present = new Set(deployments.map(nameOf))
    for (const name of this.byEndpoint.keys()) if (!present.has(name)) this.byEndpoint.delete(name)
    for (const deployment of deployments) {
      const wish = this.read(deployment)
      const rival = this.desk.rivalOf(deployment)
      const words = rival === null ? '' : wordsOf(rival)
      if (words !== '' && words !== wish.rival) this.desk.tell(deployment, 'Refused', words)
      wish.rival = words
    }
  }

  private read(deployment: Deployment): Wish {
    const name = nameOf(deployment)
    const known = this.byEndpoint.get(name)
    if (known?.of === deployment) return known
    const annotations = annotationsOf(deployment)
    // Ours change all the time.
    for (const own of ['epoch', 'status', 'edge-port']) delete annotations[own]
    const text = JSON.stringify(annotations)
    if (known?.text === text) {
      known.of = deployment
      return known
    }
    const { settings, bad, issues } = readAnnotations(annotations, this.desk.now())
    const wish: Wish = {
      of: deployment,
      text,
      settings: bad ? (known?.settings ?? null) : sameOr(known?.settings ?? null, settings),
      issues: issues.map(sentence).join('; '),
      rival: known?.rival ?? '',
    }
    this.byEndpoint.set(name, wish)
    if (wish.issues !== '' && wish.issues !== known?.issues) {
      const also = bad ? '; the last good settings stay in force' : ''
      this.desk.tell(deployment, 'InvalidAnnotation', `${wish.issues}${also}`)
    }
    return wish
  }
}

/** The same object for the same settings: whoever compares need not read them again. */
function sameOr(before: Settings | null, now: Settings): Settings {
  return before !== null && JSON.stringify(before) === JSON.stringify(now) ? before : now
}
