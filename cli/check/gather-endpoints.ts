import type { Service } from '../../controller/kubernetes/keep/service.ts'
import { equalities } from '../../controller/kubernetes/keep/services.ts'
import { statusOf } from '../../controller/kubernetes/api/error.ts'
import { NAMES } from '../../controller/kubernetes/watch/names.ts'
import {
  nameOf,
  type Deployment,
  type Pod,
  type ScalingObject,
} from '../../controller/kubernetes/watch/objects.ts'
import { wantsInjection } from '../../controller/kubernetes/watch/table.ts'
import { ports } from '../../core/model/ports.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import { wordsOfError } from '../../core/runtime/log.ts'
import type { DisruptionBudget } from './drains.ts'
import { toLookAt, type EndpointsFacts } from './endpoints.ts'
import { known } from './finding.ts'
import type { Live } from './live.ts'
import type { Scene } from './scene.ts'

/** More than these are not asked for one by one. */
const MOST_ASKED = 50

export async function gatherEndpoints(scene: Scene): Promise<EndpointsFacts> {
  const reader = new Reader(scene)
  const all = await reader.all<Deployment>('apis/apps/v1', 'deployments')
  const deployments = all.filter(wantsInjection)
  const misplaced = all.filter(
    each => each.metadata.annotations?.[NAMES.inject] === 'true' && !wantsInjection(each),
  )
  const [injected, services, hpas, scaledObjects, budgets] = await Promise.all([
    reader.all<Pod>('api/v1', 'pods', { labelSelector: `${NAMES.injected}=true` }),
    deployments.length === 0 ? [] : reader.all<Service>('api/v1', 'services'),
    reader.all<ScalingObject>('apis/autoscaling/v2', 'horizontalpodautoscalers'),
    reader.all<ScalingObject>('apis/keda.sh/v1alpha1', 'scaledobjects'),
    deployments.length === 0
      ? []
      : reader.all<DisruptionBudget>('apis/policy/v1', 'poddisruptionbudgets'),
  ])
  const others = await Promise.all(
    toLookAt(deployments, injected)
      .slice(0, MOST_ASKED)
      .map(deployment => podsOf(scene, deployment)),
  )
  const known = new Set(injected.map(nameOf))
  const live = await Promise.all(
    deployments
      .slice(0, MOST_ASKED)
      .map(
        async deployment => [nameOf(deployment), await liveOf(scene, nameOf(deployment))] as const,
      ),
  )
  return {
    release: scene.release,
    image: scene.installed?.sidecarImage ?? '',
    now: scene.serverTime ?? scene.time,
    unread: reader.unread,
    deployments,
    misplaced: misplaced.map(nameOf),
    pods: [...injected, ...others.flat().filter(pod => !known.has(nameOf(pod)))],
    services,
    hpas,
    scaledObjects,
    budgets,
    live: new Map(live),
  }
}

/** Lists of the namespaces that the controller looks after; where one may not see all, of the context's. */
class Reader {
  readonly unread: string[] = []
  private readonly scene: Scene

  constructor(scene: Scene) {
    this.scene = scene
  }

  async all<T>(group: string, plural: string, query: Record<string, string> = {}): Promise<T[]> {
    const { kube, namespace: own } = this.scene.cluster
    const watched = this.scene.installed?.watchNamespaces ?? []
    const list = async (namespace: string | null): Promise<T[]> => {
      const place = namespace === null ? '' : `namespaces/${namespace}/`
      return (await kube.list<T>(`/${group}/${place}${plural}`, query)).items
    }
    try {
      if (watched.length > 0) return (await Promise.all(watched.map(list))).flat()
      return await list(null)
    } catch (error) {
      // KEDA is not there.
      if (statusOf(error) === 404) return []
      this.unread.push(`${plural} of all namespaces (${wordsOfError(error)}), only of ${own}`)
    }
    return list(own).catch(() => [])
  }
}

async function podsOf({ cluster }: Scene, { metadata, spec }: Deployment): Promise<Pod[]> {
  const labels = (spec as { selector?: { matchLabels?: Record<string, string> } }).selector
  const query = { labelSelector: equalities(labels?.matchLabels ?? {}) }
  const path = `/api/v1/namespaces/${metadata.namespace}/pods`
  const listed = await known(cluster.kube.list<Pod>(path, query))
  return 'value' in listed ? listed.value.items : []
}

function liveOf({ cluster, release }: Scene, endpoint: string): Promise<Live> {
  const aggregator = `/api/v1/namespaces/${release}/services/outrigger-aggregator:${ports.aggregator.port}`
  const asked = cluster.kube.get<EndpointWindows>(`${aggregator}/proxy/v1/windows/${endpoint}`)
  return known(
    asked.then(({ windows, replicas }) => ({
      coverage: windows['20']?.coverage ?? 0,
      orders: replicas.map(({ replica, order, ageMs }) => ({ replica, order, ageMs })),
    })),
  )
}
