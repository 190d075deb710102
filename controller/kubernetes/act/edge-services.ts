import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import type { Time } from '../api/time.ts'
import { Collection } from '../watch/collection.ts'
import { edgePortOf, portsToGive, wantsEdge } from '../watch/edge-ports.ts'
import { MANAGER, NAMES } from '../watch/names.ts'
import { nameOf, type Deployment, type Meta, type Pod } from '../watch/objects.ts'
import { each } from './each.ts'
import {
  edgeObjects,
  sameService,
  sameSlice,
  serviceName,
  SERVICE_LABEL,
  SERVICE_OWNER,
  SLICE_LABEL,
  SLICE_OWNER,
  type EdgeObjects,
  type EdgeService,
  type EdgeSlice,
} from './edge-objects.ts'
import { annotate } from './fence.ts'

export interface EdgeDesk {
  kube: Kube
  watchNamespaces: readonly string[]
  deployments: () => readonly Deployment[]
  edges: () => readonly Pod[]
  held: () => boolean
  tell: (deployment: Deployment, reason: 'EdgeRefused', note: string) => void
  log: Log
  time: Time
}

const SERVICES = 'api/v1'
const SLICES = 'apis/discovery.k8s.io/v1'
const MOST_FAILING = 10_000

/**
 * Service NAME-edge and its EndpointSlices for each endpoint that wants an edge, and the edge's port. What
 * is there is compared with what should be, so whatever is changed or deleted by others comes back.
 */
export class EdgeServices {
  private readonly desk: EdgeDesk
  private readonly services: Collection<EdgeService>
  private readonly slices: Collection<EdgeSlice>
  private readonly said = new Map<string, string>()
  /** What can't be written now, and why: said once. */
  private readonly failing = new Map<string, string>()
  private synced = false
  private running = false

  constructor(desk: EdgeDesk) {
    this.desk = desk
    const { kube, watchNamespaces: namespaces, log, time } = desk
    const common = { kube, log, time, namespaces, changed: () => undefined }
    this.services = new Collection<EdgeService>({
      ...common,
      group: SERVICES,
      plural: 'services',
      query: { labelSelector: `${SERVICE_LABEL}=${SERVICE_OWNER}` },
    })
    this.slices = new Collection<EdgeSlice>({
      ...common,
      group: SLICES,
      plural: 'endpointslices',
      query: { labelSelector: `${SLICE_LABEL}=${SLICE_OWNER}` },
    })
  }

  start(): void {
    this.services.start()
    this.slices.start()
    void Promise.all([this.services.synced, this.slices.synced]).then(() => (this.synced = true))
  }

  stop(): void {
    this.services.stop()
    this.slices.stop()
  }

  /** Makes what is there as it should be. Called each second and on changes; never two at a time. */
  async look(): Promise<void> {
    if (this.running || !this.synced || !this.desk.held()) return
    this.running = true
    try {
      await this.givePorts()
      const wanted = this.desk
        .deployments()
        .flatMap(deployment => edgeObjects(deployment, this.desk.edges()) ?? [])
      await each(wanted, one => this.keep(one))
      await this.sweep(wanted)
    } finally {
      this.running = false
    }
  }

  private async givePorts(): Promise<void> {
    const { deployments, kube } = this.desk
    const byName = new Map(deployments().map(one => [nameOf(one), one]))
    for (const deployment of byName.values())
      if (wantsEdge(deployment) && serviceName(deployment) === null)
        this.refuse(deployment, `${nameOf(deployment)}-edge is no name that a Service may have`)
    await each([...portsToGive([...byName.values()])], async ([name, port]) => {
      const deployment = byName.get(name)
      if (deployment === undefined || !this.desk.held()) return
      await this.tried(name, () => annotate(kube, deployment, { [NAMES.edgePort]: String(port) }))
    })
  }

  private async keep({ deployment, service, slices }: EdgeObjects): Promise<void> {
    const { kube } = this.desk
    const { namespace, name } = service.metadata
    const kept = this.services.get(namespace, name)
    await this.tried(`${namespace}/${name}`, async () => {
      if (kept === null && (await this.isTaken(service))) {
        const words = `Service ${name} exists and is not ours: it is left as it is, and there is no edge`
        this.refuse(deployment, words)
        return
      }
      this.said.delete(nameOf(deployment))
      if (kept === null || !sameService(kept, service)) {
        const spec = { ...service.spec, ipFamilyPolicy: 'PreferDualStack' }
        const body = { apiVersion: 'v1', kind: 'Service', ...service, spec }
        await this.apply(kube, SERVICES, 'services', body)
      }
      for (const slice of slices) {
        const there = this.slices.get(namespace, slice.metadata.name)
        if (there !== null && sameSlice(there, slice)) continue
        const body = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...slice }
        await this.apply(kube, SLICES, 'endpointslices', body)
      }
    })
  }

  private async apply(
    kube: Kube,
    group: string,
    plural: string,
    body: { metadata: Meta },
  ): Promise<void> {
    const { namespace, name } = body.metadata
    if (!this.desk.held()) return
    const path = `/${group}/namespaces/${namespace}/${plural}/${name}`
    await kube.patch(path, body, 'apply', { fieldManager: MANAGER, force: true })
  }

  /** A Service of that name that somebody else made. */
  private async isTaken({ metadata }: EdgeService): Promise<boolean> {
    const path = `/${SERVICES}/namespaces/${metadata.namespace}/services/${metadata.name}`
    try {
      const found = await this.desk.kube.get<EdgeService>(path)
      return found.metadata.labels?.[SERVICE_LABEL] !== SERVICE_OWNER
    } catch (error) {
      if (statusOf(error) === 404) return false
      throw error
    }
  }

  /** Ours that nobody wants any more. */
  private async sweep(wanted: readonly EdgeObjects[]): Promise<void> {
    const services = new Set(wanted.map(({ service }) => nameOf(service)))
    const slices = new Set(wanted.flatMap(one => one.slices.map(nameOf)))
    // One that has lost its port gets another in a moment: its Service keeps its address.
    const waiting = this.desk.deployments().filter(one => wantsEdge(one) && edgePortOf(one) === 0)
    for (const deployment of waiting) {
      const name = `${deployment.metadata.namespace}/${serviceName(deployment)}`
      services.add(name)
      for (const family of ['ipv4', 'ipv6']) slices.add(`${name}-${family}`)
    }
    const gone = [
      ...this.services
        .all()
        .filter(one => ofDeployment(one) && !services.has(nameOf(one)))
        .map(one => ({ one, at: [SERVICES, 'services'] })),
      ...this.slices
        .all()
        .filter(one => !slices.has(nameOf(one)))
        .map(one => ({ one, at: [SLICES, 'endpointslices'] })),
    ]
    await each(gone, async ({ one: { metadata }, at: [group, plural] }) => {
      const { namespace, name, uid } = metadata
      if (!this.desk.held()) return
      await this.tried(`${namespace}/${name}`, async () => {
        const path = `/${group}/namespaces/${namespace}/${plural}/${name}`
        await this.desk.kube.delete(path, { preconditions: { uid } })
      })
    })
  }

  private refuse(deployment: Deployment, words: string): void {
    if (this.said.get(nameOf(deployment)) === words) return
    this.said.set(nameOf(deployment), words)
    this.desk.tell(deployment, 'EdgeRefused', words)
  }

  /** What is not done is tried again a second later; it is said once where it is no race. */
  private async tried(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
      this.failing.delete(what)
    } catch (error) {
      const status = statusOf(error)
      const why = wordsOfError(error)
      if (status === 409 || status === 404 || this.failing.get(what) === why) return
      if (this.failing.size >= MOST_FAILING) this.failing.clear()
      this.failing.set(what, why)
      this.desk.log('warn', "can't keep an edge's Service", { what, why })
    }
  }
}

/** The chart's own Services carry the label, too, and belong to no Deployment. */
function ofDeployment({ metadata }: EdgeService): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === 'Deployment') === true
}
