import type { Platform } from '../../../core/model/tables.ts'
import { once, wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube, Query } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import type { InformerFigures } from '../api/informer.ts'
import type { Time } from '../api/time.ts'
import { Collection, collectionPath } from './collection.ts'
import { rivalOf, type Rival } from './conflicts.ts'
import type { Fleet } from './fleet.ts'
import { keepDeployment, keepMeta, keepPod, type KeptDeployment } from './keep.ts'
import { hasSidecar, NAMES } from './names.ts'
import type { Deployment, Meta, Pod, ScalingObject } from './objects.ts'
import { isEndpoint } from './table.ts'

export interface DiscoveryOptions {
  kube: Kube
  fleet: Fleet
  /** Where the edges run. */
  namespace: string
  /** Endpoints of these only; empty: of all. */
  watchNamespaces: readonly string[]
  revisionOf: (spec: unknown) => string
  log: Log
  time: Time
}

/** Others in our namespace may have a component called so, too: requests would go to them. */
const OWN_EDGES = 'app.kubernetes.io/name=outrigger,app.kubernetes.io/component=edge'
const COALESCE_MS = 200
/** Telling the table of a large fleet takes a while: at most this part of the time, on changes. */
const TELLING_PART = 10
const BEAT_MS = 1000
/** KEDA may be installed later. */
const LOOK_AGAIN_MS = 300_000

/** Follows what exists in the cluster, and tells the table when it changes and each second. */
export class Discovery {
  /** All is known that a table needs. */
  readonly synced: Promise<void>
  private readonly options: DiscoveryOptions
  private readonly deployments: Collection<Deployment, KeptDeployment>
  private readonly pods: Collection<Pod, Pod>
  private readonly edges: Collection<Pod, Pod>
  private readonly hpas: Collection<ScalingObject, ScalingObject>
  private scaledObjects: Collection<ScalingObject, ScalingObject> | null = null
  private readonly takers = new Set<(table: Platform) => void>()
  private readonly said: ReturnType<typeof once>
  private ready = false
  private stopped = false
  private toldAt = -Infinity
  private tellingMs = 0
  private cancelTell: (() => void) | null = null
  private cancelBeat = (): void => undefined
  private cancelLook = (): void => undefined
  private lookedForKeda = (): void => undefined

  constructor(options: DiscoveryOptions) {
    this.options = options
    this.said = once(options.log)
    const { fleet, namespace, revisionOf } = options
    const watch = this.collect.bind(this)
    this.deployments = watch<Deployment, KeptDeployment>('apis/apps/v1', 'deployments', {
      keep: whole => keepDeployment(whole, revisionOf),
      changed: (name, kept) => {
        const message = `${name} has a name too long for an endpoint: it is left alone`
        if (kept === null) this.said.again(message)
        if (kept !== null && !isEndpoint(kept)) this.said.say('warn', message)
        fleet.takeDeployment(name, kept)
      },
    })
    this.pods = watch<Pod, Pod>('api/v1', 'pods', {
      query: { labelSelector: `${NAMES.injected}=true` },
      keep: pod => (hasSidecar(pod) ? keepPod(pod) : null),
      changed: (name, kept) => fleet.takePod(name, kept),
    })
    this.edges = watch<Pod, Pod>('api/v1', 'pods', {
      namespaces: [namespace],
      query: { labelSelector: OWN_EDGES },
      keep: keepPod,
      changed: (name, kept) => fleet.takeEdgePod(name, kept),
    })
    this.hpas = watch<ScalingObject, ScalingObject>(
      'apis/autoscaling/v2',
      'horizontalpodautoscalers',
      { keep: keepScaler, changed: () => undefined },
    )
    const all = [this.deployments, this.pods, this.edges, this.hpas]
    const looked = new Promise<void>(resolve => (this.lookedForKeda = resolve))
    this.synced = Promise.all([...all.map(each => each.synced), looked]).then(() => undefined)
  }

  start(): void {
    for (const each of this.informers()) each.start()
    void this.lookForKeda()
    void this.synced.then(() => {
      this.ready = true
      this.beat()
    })
  }

  stop(): void {
    this.stopped = true
    this.cancelTell?.()
    this.cancelBeat()
    this.cancelLook()
    for (const each of this.informers()) each.stop()
    this.takers.clear()
  }

  /** `take` is told the table soon where there is one, on each change (at most 5 a second), and each second. */
  follow(take: (table: Platform) => void): { stop(): void } {
    this.takers.add(take)
    this.tellSoon()
    return { stop: () => void this.takers.delete(take) }
  }

  /** Null until everything was listed once: half a table would look like a fleet that is gone. */
  table(): Platform | null {
    return this.ready ? this.options.fleet.table() : null
  }

  rivalOf(deployment: Deployment): Rival | null {
    return rivalOf(deployment, this.hpas.all(), this.scaledObjects?.all() ?? [])
  }

  figures(): Record<string, InformerFigures> {
    return {
      deployments: this.deployments.figures(),
      pods: this.pods.figures(),
      edges: this.edges.figures(),
      horizontalpodautoscalers: this.hpas.figures(),
      ...(this.scaledObjects === null ? {} : { scaledobjects: this.scaledObjects.figures() }),
    }
  }

  private informers(): { start(): void; stop(): void }[] {
    const { deployments, pods, edges, hpas, scaledObjects } = this
    return [deployments, pods, edges, hpas, ...(scaledObjects === null ? [] : [scaledObjects])]
  }

  private collect<T extends { metadata: Meta }, K>(
    group: string,
    plural: string,
    what: {
      namespaces?: readonly string[]
      query?: Query
      keep: (object: T) => K | null
      changed: (name: string, kept: K | null) => void
    },
  ): Collection<T, K> {
    const { kube, log, time, watchNamespaces } = this.options
    return new Collection<T, K>({
      kube,
      log,
      time,
      group,
      plural,
      namespaces: what.namespaces ?? watchNamespaces,
      ...(what.query === undefined ? {} : { query: what.query }),
      keep: what.keep,
      changed: (name, kept) => {
        what.changed(name, kept)
        this.tellSoon()
      },
    })
  }

  private tellSoon(): void {
    if (!this.ready || this.stopped || this.cancelTell !== null) return
    const { time } = this.options
    const apart = Math.min(BEAT_MS, Math.max(COALESCE_MS, this.tellingMs * TELLING_PART))
    const wait = Math.max(0, this.toldAt + apart - time.now())
    this.cancelTell = time.after(wait, () => this.tell())
  }

  private tell(): void {
    this.cancelTell?.()
    this.cancelTell = null
    this.toldAt = this.options.time.now()
    const table = this.table()
    if (table === null || this.takers.size === 0) return
    for (const take of this.takers) take(table)
    this.tellingMs = this.options.time.now() - this.toldAt
  }

  private beat(): void {
    if (this.stopped) return
    this.tell()
    this.cancelBeat = this.options.time.after(BEAT_MS, () => this.beat())
  }

  /** ScaledObjects are watched where their API is served; where it is not, or not for us, that is fine. */
  private async lookForKeda(): Promise<void> {
    const { kube, log, time, watchNamespaces } = this.options
    const [group, plural] = ['apis/keda.sh/v1alpha1', 'scaledobjects'] as const
    try {
      await kube.get(collectionPath(group, plural, watchNamespaces[0] ?? null), { limit: 1 })
      if (this.stopped) return
      const changed = (): void => undefined
      const found = this.collect<ScalingObject, ScalingObject>(group, plural, {
        keep: keepScaler,
        changed,
      })
      this.scaledObjects = found
      found.start()
      await found.synced
    } catch (error) {
      if (this.stopped) return
      const status = statusOf(error)
      if (status !== 404) log('warn', "can't see KEDA's objects", { why: wordsOfError(error) })
      this.cancelLook = time.after(LOOK_AGAIN_MS, () => void this.lookForKeda())
    }
    this.lookedForKeda()
  }
}

function keepScaler({ metadata, spec }: ScalingObject): ScalingObject {
  const scaleTargetRef = spec?.scaleTargetRef
  return {
    metadata: keepMeta(metadata),
    spec: scaleTargetRef === undefined ? {} : { scaleTargetRef },
  }
}
