import { randomUUID } from 'node:crypto'
import type { Override } from '../../core/model/decision.ts'
import { ports } from '../../core/model/ports.ts'
import type { Settings } from '../../core/model/settings.ts'
import type { Log } from '../../core/runtime/log.ts'
import type { PlatformLink } from '../platform.ts'
import { EdgeServices } from './act/edge-services.ts'
import { fence } from './act/fence.ts'
import { scale } from './act/scale.ts'
import { Statuses, type Status } from './act/status.ts'
import type { Access } from './api/access.ts'
import type { Kube } from './api/client.ts'
import type { Events } from './api/events.ts'
import type { InformerFigures } from './api/informer.ts'
import type { Time } from './api/time.ts'
import type { EventReason } from './event-reasons.ts'
import { revisionOf } from './inject/revision.ts'
import { openReaders, type Readers } from './usage/readers.ts'
import { Discovery } from './watch/discover.ts'
import { Fleet } from './watch/fleet.ts'
import { nameOf, type Deployment, type Pod } from './watch/objects.ts'
import { Wishes } from './watch/wishes.ts'

export interface ClusterOptions {
  kube: Kube
  /** For the kubelets; null: use of CPU and memory is not looked at. */
  access: Access | null
  /** Our own. */
  namespace: string
  /** Endpoints of these only; empty: of all. */
  watchNamespaces: readonly string[]
  /** host:port */
  aggregator: string
  /** Whether kubelets' certificates are checked. */
  verifyKubelets: boolean
  /** Labels of the pods that tell GPU use; none: it is not looked at. */
  gpuExporters: readonly string[]
  events: Pick<Events, 'say'>
  /** Whether this controller holds the lease: asked immediately before each write. */
  held: () => boolean
  log: Log
  time: Time
  /** ms since 1970. */
  utc: () => number
}

export type ClusterFigures = ReturnType<Readers['figures']> & {
  informers: Record<string, InformerFigures>
}

export interface ClusterPlatform extends PlatformLink {
  overridesOf(endpoint: string): Override[]
  /** Null where no annotations were good since the start: what is remembered stays. */
  settingsOf(endpoint: string): Settings | null
  /** At a takeover, before anything is decided: what an older leader still writes fails. */
  fence(epoch: number): Promise<void>
  /** For the annotation `outrigger.dev/status`. */
  note(endpoint: string, status: Status, epoch: number): void
  /** Of endpoints, as the caches have them: without their template's spec. */
  deployments(): readonly Deployment[]
  /** Injected ones of an endpoint. */
  pods(endpoint: string): readonly Pod[]
  /** CPU of a pod's containers but the sidecar, in thousandths of a core; null where it is not measured. */
  cpuMillis(pod: Pod): number | null
  figures(): ClusterFigures
  stop(): void
}

/** The cluster as the platform of a controller: what exists in it, and what is changed in it. */
export function clusterPlatform(options: ClusterOptions): ClusterPlatform {
  const { kube, held, log, events } = options
  const parts = partsOf(options)
  const { fleet, discovery, wishes, edges, statuses, readers } = parts
  discovery.start()
  edges.start()
  readers.start()
  const beat = discovery.follow(() => {
    wishes.look(fleet.deployments())
    void edges.look()
    void statuses.sweep()
  })
  const tell = tellOf(events)
  const told = (endpoint: string, reason: EventReason, note: string): void => {
    const deployment = fleet.deployment(endpoint)
    if (deployment !== null) tell(deployment, reason, note)
  }
  return {
    follow: take => discovery.follow(take),
    async scale(endpoint, want) {
      const scaled = (_: string, from: number, to: number): void => {
        const reason = to > from ? 'ScaledUp' : 'ScaledDown'
        const note = `${from} to ${to} replicas, by decision ${want.decision}`
        told(endpoint, reason, note)
      }
      const tried = await scale(endpoint, want, { kube, look: parts.look, held, scaled, log })
      if (!tried.done && !tried.again) told(endpoint, 'Refused', tried.words)
      return tried
    },
    overridesOf: endpoint => wishes.overridesOf(endpoint),
    settingsOf: endpoint => wishes.settingsOf(endpoint),
    async fence(epoch) {
      await discovery.synced
      await fence(fleet.deployments().map(nameOf), epoch, { kube, held, log })
    },
    note: (endpoint, status, epoch) => statuses.note(endpoint, status, epoch),
    deployments: () => fleet.deployments(),
    pods: endpoint => fleet.pods(endpoint),
    cpuMillis: pod => readers.cpuMillis(nameOf(pod)),
    figures: () => ({
      ...readers.figures(),
      informers: { ...discovery.figures(), ...readers.informers() },
    }),
    stop() {
      beat.stop()
      for (const each of [discovery, edges, readers]) each.stop()
    },
  }
}

function partsOf(options: ClusterOptions) {
  const { kube, namespace, watchNamespaces, held, log, time, utc, events } = options
  const fleet: Fleet = new Fleet({
    boot: randomUUID(),
    aggregator: options.aggregator,
    edgeAdminPort: ports.edge.port,
    usage: pod => readers.usage(pod),
    held: endpoint => readers.held(endpoint),
  })
  const pods = (): Pod[] => fleet.allPods()
  const readers = openReaders({ ...options, pods, deployments: () => fleet.deployments() })
  const discovery = new Discovery({
    kube,
    fleet,
    namespace,
    watchNamespaces,
    revisionOf,
    log,
    time,
  })
  const tell = tellOf(events)
  const deployment = (endpoint: string): Deployment | null => fleet.deployment(endpoint)
  const rivalOf = (of: Deployment): ReturnType<Discovery['rivalOf']> => discovery.rivalOf(of)
  const wishes = new Wishes({ deployment, rivalOf, now: utc, tell })
  const statuses = new Statuses({ kube, deployment, held, now: () => time.now(), log })
  const edges = new EdgeServices({
    kube,
    watchNamespaces,
    deployments: () => fleet.deployments(),
    edges: () => fleet.edgesNow(),
    held,
    tell,
    log,
    time,
  })
  const look = (endpoint: string): ReturnType<Parameters<typeof scale>[2]['look']> => {
    const found = fleet.deployment(endpoint)
    return {
      desired: fleet.desired(endpoint),
      rival: found === null ? null : discovery.rivalOf(found),
      pods: fleet.pods(endpoint),
    }
  }
  return { fleet, readers, discovery, wishes, statuses, edges, look }
}

/** Events on a Deployment: what went as decided is Normal, what somebody has to look at is a Warning. */
function tellOf(events: ClusterOptions['events']) {
  return ({ metadata }: Deployment, reason: EventReason, note: string): void => {
    const { namespace, name, uid } = metadata
    const regarding = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid }
    const type = reason.startsWith('Scaled') ? 'Normal' : 'Warning'
    events.say({ regarding, type, reason, note: note.slice(0, 1000) })
  }
}
