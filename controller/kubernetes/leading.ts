import { systemClock } from '../../core/runtime/clock.ts'
import type { MetricsPage } from '../../core/runtime/metrics.ts'
import type { Ground } from '../ground.ts'
import { SettingsFile } from '../settings-file.ts'
import { loadAccess } from './api/client.ts'
import type { Lease } from './api/lease.ts'
import { systemTime } from './api/time.ts'
import { clusterPlatform, type ClusterFigures, type ClusterPlatform } from './cluster.ts'
import { Keepers, type KeeperNumbers } from './keep/keepers.ts'
import { TrafficSeen } from './keep/traffic.ts'
import type { Around } from './member.ts'
import { NAMES } from './watch/names.ts'
import { scaledRoute } from './webhook/relay.ts'

/** What the one that decides has, and a standby has not. */
export interface Leading {
  ground: Ground
  figures(): ClusterFigures & { keepers: KeeperNumbers }
  /** Decisions are made from here on: what stayed undone meanwhile is looked for. */
  begin(): void
  stop(): void
}

/** Name of the injecting webhook, as the chart registers it. */
const WEBHOOK = 'inject.outrigger.dev'

/** `ended` rejects when a takeover under way is to wait no longer. */
export function leading(
  around: Around,
  lease: Pick<Lease, 'held' | 'epoch' | 'raiseEpoch'>,
  metrics: MetricsPage,
  ended: Promise<never>,
): Leading {
  const { config, keys, log, changes } = around
  const held = (): boolean => lease.held()
  const file = new SettingsFile(config.settingsFile, log)
  const platform = platformOf(around, held)
  const traffic = new TrafficSeen()
  const keepers = keepersOf(around, platform, traffic, held)
  const raise = async (epoch: number): Promise<void> => {
    await lease.raiseEpoch(epoch)
    await platform.fence(epoch)
  }
  const ground: Ground = {
    platform,
    settings: {
      refresh: () => file.refresh(),
      of: endpoint => platform.settingsOf(endpoint),
      get logOptions() {
        return file.logOptions
      },
    },
    keys,
    epoch: lease.epoch,
    shared: true,
    raised: epoch => Promise.race([raise(epoch), ended]),
    held,
    who: (endpoint, to, since) => changes.who(endpoint, to, since)?.who ?? null,
    second: windows => traffic.take(windows),
    routes: [scaledRoute(changes)],
    metrics,
  }
  return {
    ground,
    figures: () => ({ ...platform.figures(), keepers: keepers.numbers() }),
    begin() {
      keepers.start()
      keepers.webhookReady()
    },
    stop() {
      keepers.stop()
      platform.stop()
    },
  }
}

function platformOf({ kube, cluster, events, log }: Around, held: () => boolean): ClusterPlatform {
  return clusterPlatform({
    kube,
    access: cluster.kubelets === 'off' ? null : loadAccess(),
    namespace: cluster.namespace,
    watchNamespaces: cluster.watchNamespaces,
    aggregator: cluster.aggregator,
    verifyKubelets: cluster.kubelets === 'verify',
    gpuExporters: cluster.gpuExporters,
    events,
    held,
    log,
    time: systemTime,
    utc: systemClock().now,
  })
}

function keepersOf(
  { kube, events, log, surroundings, decide }: Around,
  platform: ClusterPlatform,
  traffic: TrafficSeen,
  held: () => boolean,
): Keepers {
  return new Keepers({
    kube,
    services: () => surroundings.services(),
    deployments: () => platform.deployments(),
    pods: endpoint => platform.pods(endpoint),
    traffic(pod) {
      const endpoint = pod.metadata.annotations?.[NAMES.endpoint] ?? ''
      const seen = traffic.of(endpoint, pod.metadata.name)
      return seen === null ? null : { ...seen, cpuMillis: platform.cpuMillis(pod) }
    },
    wouldInject: decide,
    webhook: WEBHOOK,
    held,
    events,
    log,
    time: systemTime,
    utc: Date.now,
  })
}
