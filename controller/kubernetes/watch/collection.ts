import { Informer, type InformerFigures, type InformerOptions } from '../api/informer.ts'
import type { Meta } from './objects.ts'

export interface CollectionOptions<T extends { metadata: Meta }, K> extends Omit<
  InformerOptions<T, K>,
  'path'
> {
  /** Group and version: api/v1, apis/apps/v1. */
  group: string
  plural: string
  /** Of these namespaces; empty: of all. */
  namespaces: readonly string[]
}

export function collectionPath(group: string, plural: string, namespace: string | null): string {
  return `/${group}/${namespace === null ? '' : `namespaces/${namespace}/`}${plural}`
}

/** One kind of object, of the whole cluster or of some namespaces: an informer each. */
export class Collection<T extends { metadata: Meta }, K = T> {
  readonly synced: Promise<void>
  private readonly informers: Informer<T, K>[]

  constructor({ group, plural, namespaces, ...options }: CollectionOptions<T, K>) {
    const places = namespaces.length === 0 ? [null] : [...new Set(namespaces)]
    this.informers = places.map(
      place => new Informer<T, K>({ ...options, path: collectionPath(group, plural, place) }),
    )
    this.synced = Promise.all(this.informers.map(each => each.synced)).then(() => undefined)
  }

  start(): void {
    for (const each of this.informers) each.start()
  }

  stop(): void {
    for (const each of this.informers) each.stop()
  }

  all(): K[] {
    return this.informers.flatMap(each => each.all())
  }

  get(namespace: string, name: string): K | null {
    for (const each of this.informers) {
      const found = each.get(namespace, name)
      if (found !== null) return found
    }
    return null
  }

  /** Counts add up; the age is that of the one that heard nothing for longest. */
  figures(): InformerFigures {
    return this.informers
      .map(each => each.figures())
      .reduce((a, b) => ({
        objects: a.objects + b.objects,
        relists: a.relists + b.relists,
        watches: a.watches + b.watches,
        events: a.events + b.events,
        stalls: a.stalls + b.stalls,
        nonsense: a.nonsense + b.nonsense,
        failures: a.failures + b.failures,
        lastEventAgeMs: Math.max(a.lastEventAgeMs, b.lastEventAgeMs),
      }))
  }
}
