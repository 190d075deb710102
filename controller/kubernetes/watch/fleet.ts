import type { Platform, PlatformEndpoint, PlatformReplica } from '../../../core/model/tables.ts'
import { settlePorts, withoutPort } from './edge-ports.ts'
import type { KeptDeployment } from './keep.ts'
import { hostPort, nameOf, type Pod } from './objects.ts'
import { hasEnded, readySince } from './pod.ts'
import { endpointOfPod, endpointRow, isEndpoint } from './table.ts'

export type Usage = NonNullable<PlatformReplica['usage']>

export interface FleetOptions {
  boot: string
  aggregator: string
  edgeAdminPort: number
  /** By namespace/pod and by endpoint: measured each few seconds, so they make no new version. */
  usage: (pod: string) => Usage | null
  held: (endpoint: string) => number | null
}

/** A page that an annotation names may say any number. */
const MOST_HELD = 1_000_000

interface Group {
  deployment: KeptDeployment | null
  pods: Map<string, Pod>
  row: PlatformEndpoint | null
  text: string
  /** The version at which `desired` last changed: a decision that did not see it is stale. */
  setAt: number
  /** What the pods of this template called their revision: it stays true when they are gone. */
  revision: { template: string; pods: string } | null
}

/** Deployments and pods as they come and go, and the platform table that they make. */
export class Fleet {
  private readonly options: FleetOptions
  private readonly groups = new Map<string, Group>()
  private readonly endpointOf = new Map<string, string>()
  private readonly firstReady = new Map<string, number>()
  private readonly edgePods = new Map<string, Pod>()
  private readonly changed = new Set<string>()
  /** By edge port, the uid of the Deployment that has it. */
  private readonly holders = new Map<number, string>()
  private version = 0
  private edges = ''

  constructor(options: FleetOptions) {
    this.options = options
  }

  takeDeployment(name: string, deployment: KeptDeployment | null): void {
    const wanted = deployment !== null && isEndpoint(deployment)
    if (!wanted && !this.groups.has(name)) return
    this.group(name).deployment = wanted ? deployment : null
    this.changed.add(name)
  }

  /** An injected pod. */
  takePod(name: string, pod: Pod | null): void {
    const endpoint = pod === null ? null : endpointOfPod(pod)
    const before = this.endpointOf.get(name)
    if (before !== undefined && before !== endpoint) {
      const gone = this.group(before).pods.get(name)
      if (gone !== undefined) this.firstReady.delete(gone.metadata.uid)
      this.group(before).pods.delete(name)
      this.endpointOf.delete(name)
      this.changed.add(before)
    }
    if (pod === null || endpoint === null) return
    const since = readySince(pod)
    if (since !== null && !this.firstReady.has(pod.metadata.uid))
      this.firstReady.set(pod.metadata.uid, since)
    const known = this.group(endpoint).pods.get(name)
    if (known !== undefined && known.metadata.uid !== pod.metadata.uid)
      this.firstReady.delete(known.metadata.uid)
    this.group(endpoint).pods.set(name, pod)
    this.endpointOf.set(name, endpoint)
    this.changed.add(endpoint)
  }

  takeEdgePod(name: string, pod: Pod | null): void {
    if (pod === null) this.edgePods.delete(name)
    else this.edgePods.set(name, pod)
  }

  table(): Platform {
    if (this.changed.size > 0) this.settlePorts()
    for (const name of this.changed) this.renew(name)
    this.changed.clear()
    const edges = this.edgeRows()
    const text = JSON.stringify(edges)
    if (text !== this.edges) this.version++
    this.edges = text
    const { boot, aggregator } = this.options
    const rows = [...this.groups.values()].flatMap(({ row }) => (row === null ? [] : [row]))
    const endpoints = rows
      .toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1))
      .map(row => this.measured(row))
    return { v: 1, boot, version: this.version, aggregator, edges, endpoints }
  }

  deployment(endpoint: string): KeptDeployment | null {
    return this.groups.get(endpoint)?.deployment ?? null
  }

  deployments(): KeptDeployment[] {
    return [...this.groups.values()].flatMap(({ deployment }) => deployment ?? [])
  }

  pods(endpoint: string): Pod[] {
    return [...(this.groups.get(endpoint)?.pods.values() ?? [])]
  }

  allPods(): Pod[] {
    return [...this.groups.values()].flatMap(({ pods }) => [...pods.values()])
  }

  edgesNow(): Pod[] {
    return [...this.edgePods.values()]
  }

  /** As of the newest table. */
  desired(endpoint: string): { replicas: number; setAt: number; version: number } | null {
    const group = this.groups.get(endpoint)
    if (group === undefined || group.row === null) return null
    return { replicas: group.row.desired, setAt: group.setAt, version: this.version }
  }

  private group(name: string): Group {
    const known = this.groups.get(name)
    if (known !== undefined) return known
    const made: Group = {
      deployment: null,
      pods: new Map(),
      row: null,
      text: '',
      setAt: 0,
      revision: null,
    }
    this.groups.set(name, made)
    return made
  }

  /** What no other may have seen of a Deployment that names another's port. */
  private settlePorts(): void {
    for (const each of settlePorts(this.deployments(), this.holders)) {
      const name = nameOf(each)
      this.group(name).deployment = withoutPort(each)
      this.changed.add(name)
    }
  }

  private renew(name: string): void {
    const group = this.group(name)
    const { deployment } = group
    const row = deployment === null ? null : this.rowOf(group, deployment)
    const text = JSON.stringify(row)
    const before = group.row
    group.row = row
    if (text !== group.text) this.version++
    if (row !== null && row.desired !== before?.desired) group.setAt = this.version
    group.text = text
    if (row === null && group.pods.size === 0) this.groups.delete(name)
  }

  private rowOf(group: Group, deployment: KeptDeployment): PlatformEndpoint {
    const template = deployment.templateRevision
    const same = group.revision?.template === template
    const row = endpointRow({
      deployment,
      pods: [...group.pods.values()],
      revision: same && group.revision !== null ? group.revision.pods : template,
      firstReady: pod => this.firstReady.get(pod.metadata.uid) ?? null,
    })
    // During a rollout the newest pods may still be of the template before.
    const { metadata, status } = deployment
    const settled =
      status?.replicas === status?.updatedReplicas &&
      status?.observedGeneration === metadata.generation
    if (row.replicas.length > 0 && settled) group.revision = { template, pods: row.revision }
    return row
  }

  private measured(row: PlatformEndpoint): PlatformEndpoint {
    const { usage, held } = this.options
    const waiting = held(row.endpoint)
    const namespace = row.endpoint.slice(0, row.endpoint.indexOf('/'))
    return {
      ...row,
      held: waiting === null ? null : Math.min(waiting, MOST_HELD),
      replicas: row.replicas.map(replica => {
        const use = usage(`${namespace}/${replica.replica}`)
        return use === null ? replica : { ...replica, usage: use }
      }),
    }
  }

  private edgeRows(): Platform['edges'] {
    return [...this.edgePods.values()]
      .filter(pod => !hasEnded(pod) && pod.metadata.name.length <= 63)
      .flatMap(({ metadata, status }) =>
        status?.podIP
          ? [{ edge: metadata.name, admin: hostPort(status.podIP, this.options.edgeAdminPort) }]
          : [],
      )
      .toSorted((a, b) => (a.edge < b.edge ? -1 : 1))
  }
}
