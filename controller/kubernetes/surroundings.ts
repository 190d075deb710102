import { once, wordsOfError, type Log } from '../../core/runtime/log.ts'
import type { Kube } from './api/client.ts'
import { Informer, type InformerFigures } from './api/informer.ts'
import type { Time } from './api/time.ts'
import type { Injecting } from './inject/context.ts'
import { keepService, type Service } from './keep/service.ts'
import { Collection } from './watch/collection.ts'
import type { Meta } from './watch/objects.ts'

export interface SurroundingsOptions {
  kube: Kube
  /** Services of these only; empty: of all. */
  watchNamespaces: readonly string[]
  /** Whether labels of namespaces are looked at: a right in the whole cluster, which the webhook needs. */
  namespaces: boolean
  log: Log
  time: Time
}

interface Namespace {
  metadata: { name: string; labels?: Record<string, string>; resourceVersion?: string }
}
type Labels = Record<string, string>

const VERSION_EVERY_MS = 3_600_000
const VERSION_AGAIN_MS = 30_000

/**
 * What the injector is told of the pod's surroundings, from caches: the webhook asks nobody while a pod waits.
 * What is not known yet is left out. Each controller has it, the standby, too.
 */
export class Surroundings {
  private readonly options: SurroundingsOptions
  private readonly collection: Collection<Service & { metadata: Meta }, Service>
  private readonly namespaces: Informer<Namespace, { labels: Labels }> | null
  private readonly byNamespace = new Map<string, Map<string, Service>>()
  private readonly said: ReturnType<typeof once>
  private readonly known = { services: false, namespaces: false }
  private minor: number | null = null
  private stopped = false
  private cancel = (): void => undefined

  constructor(options: SurroundingsOptions) {
    this.options = options
    this.said = once(options.log)
    const { kube, watchNamespaces, namespaces, log, time } = options
    this.collection = new Collection({
      kube,
      log,
      time,
      group: 'api/v1',
      plural: 'services',
      namespaces: watchNamespaces,
      keep: keepService,
      changed: (name, kept) => this.put(name, kept),
    })
    const changed = (): void => undefined
    const keep = ({ metadata: { labels = {} } }: Namespace): { labels: Labels } => ({ labels })
    const path = '/api/v1/namespaces'
    this.namespaces = namespaces ? new Informer({ kube, path, keep, changed, log, time }) : null
  }

  start(): void {
    this.collection.start()
    this.namespaces?.start()
    void this.collection.synced.then(() => (this.known.services = true))
    void this.namespaces?.synced.then(() => (this.known.namespaces = true))
    void this.readVersion()
  }

  stop(): void {
    this.stopped = true
    this.cancel()
    this.collection.stop()
    this.namespaces?.stop()
  }

  services(): Service[] {
    return this.collection.all()
  }

  of(namespace: string): Pick<Injecting, 'services' | 'namespaceLabels' | 'minor'> {
    const { services, namespaces } = this.known
    const labels = this.namespaces?.get('', namespace)?.labels
    return {
      ...(services ? { services: [...(this.byNamespace.get(namespace)?.values() ?? [])] } : {}),
      ...(namespaces && labels !== undefined ? { namespaceLabels: labels } : {}),
      ...(this.minor === null ? {} : { minor: this.minor }),
    }
  }

  figures(): Record<string, InformerFigures> {
    return {
      services: this.collection.figures(),
      ...(this.namespaces === null ? {} : { namespaces: this.namespaces.figures() }),
    }
  }

  private put(name: string, kept: Service | null): void {
    const namespace = name.slice(0, name.indexOf('/'))
    const all = this.byNamespace.get(namespace) ?? new Map<string, Service>()
    if (kept === null) all.delete(name)
    else all.set(name, kept)
    if (all.size === 0) this.byNamespace.delete(namespace)
    else this.byNamespace.set(namespace, all)
  }

  /** It changes with an upgrade; until then the last one known stays. */
  private async readVersion(): Promise<void> {
    const { kube, time } = this.options
    let next = VERSION_AGAIN_MS
    try {
      // Providers write 33+.
      const { major, minor } = await kube.get<{ major?: string; minor?: string }>('/version')
      const found = /^\d{1,4}/.exec(minor ?? '')
      if (major !== '1' || found === null)
        throw new Error(`expected version 1.NUMBER, got ${major}.${minor}`)
      this.minor = Number(found[0])
      this.said.again("the cluster's version is not known")
      next = VERSION_EVERY_MS
    } catch (error) {
      const why = wordsOfError(error)
      this.said.say('warn', "the cluster's version is not known", { why })
    }
    if (this.stopped) return
    this.cancel = time.after(next * (0.5 + time.random()), () => void this.readVersion())
  }
}
