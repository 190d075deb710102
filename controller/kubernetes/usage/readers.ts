import type { Log } from '../../../core/runtime/log.ts'
import type { Access } from '../api/access.ts'
import type { Kube } from '../api/client.ts'
import type { InformerFigures } from '../api/informer.ts'
import type { Time } from '../api/time.ts'
import { annotationsOf } from '../watch/annotations.ts'
import type { Usage } from '../watch/fleet.ts'
import { nameOf, type Deployment, type Pod } from '../watch/objects.ts'
import { GpuWatch } from './exporters.ts'
import { kubeletReader, UsageWatch } from './kubelets.ts'
import { balancerRounds } from './load-balancer.ts'
import { fetchPage } from './page.ts'
import type { RoundsFigures } from './rounds.ts'

export interface ReadersOptions {
  kube: Kube
  /** For the kubelets; null: use of CPU and memory is not looked at. */
  access: Access | null
  /** Whether kubelets' certificates are checked. */
  verifyKubelets: boolean
  /** Labels of the pods that tell GPU use; none: it is not looked at. */
  gpuExporters: readonly string[]
  /** Endpoints of these only; empty: of all. */
  watchNamespaces: readonly string[]
  pods: () => readonly Pod[]
  deployments: () => readonly Deployment[]
  /** A page in Prometheus' text format; tests give their own. */
  read?: (url: URL) => Promise<string>
  log: Log
  time: Time
}

/** What is measured beside the samples, each five seconds. */
export interface Readers {
  start(): void
  stop(): void
  /** Of namespace/pod; null when nothing new is known. */
  usage(pod: string): Usage | null
  /** CPU of a pod's containers but the sidecar, in thousandths of a core; null where it is not measured. */
  cpuMillis(pod: string): number | null
  /** What a load balancer in front of an endpoint holds. */
  held(endpoint: string): number | null
  figures(): { kubelets: RoundsFigures | null; gpus: RoundsFigures }
  informers(): Record<string, InformerFigures>
}

const KUBELET_PORT = 10_250

export function openReaders(options: ReadersOptions): Readers {
  const { kube, access, verifyKubelets, gpuExporters, pods, deployments, log, time } = options
  const { read = fetchPage } = options
  const around = { pods, log, time }
  const insecure = !verifyKubelets
  const kubelets =
    access === null
      ? null
      : new UsageWatch({ ...around, read: kubeletReader({ access, insecure, port: KUBELET_PORT }) })
  const gpus = new GpuWatch({
    ...around,
    kube,
    selectors: gpuExporters,
    namespaces: options.watchNamespaces,
    read,
  })
  const urls = (): Map<string, string> => balancersOf(deployments())
  const balancers = balancerRounds({ urls, read, log, time })
  const all = [...(kubelets === null ? [] : [kubelets]), gpus, balancers]
  return {
    start: () => all.forEach(each => each.start()),
    stop: () => all.forEach(each => each.stop()),
    usage: pod => joined(kubelets?.of(pod) ?? null, gpus.of(pod)),
    cpuMillis: pod => kubelets?.millisOf(pod) ?? null,
    held: endpoint => balancers.of(endpoint),
    figures: () => ({ kubelets: kubelets?.figures() ?? null, gpus: gpus.figures() }),
    informers: () => gpus.informers(),
  }
}

function joined(usage: Usage | null, gpuPermille: number | null): Usage | null {
  if (gpuPermille === null) return usage
  return { cpuPermille: null, memoryPermille: null, ...usage, gpuPermille }
}

function balancersOf(deployments: readonly Deployment[]): Map<string, string> {
  return new Map(
    deployments.flatMap(each => {
      const url = annotationsOf(each)['load-balancer-metrics']
      return url ? [[nameOf(each), url] as const] : []
    }),
  )
}
