import type { Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import type { InformerFigures } from '../api/informer.ts'
import type { Time } from '../api/time.ts'
import { Collection } from '../watch/collection.ts'
import { conditionOf, hostPort, nameOf, timeOf, type Pod } from '../watch/objects.ts'
import { readGpus } from './gpus.ts'
import { podsByHost } from './hosts.ts'
import { Rounds, type RoundsFigures } from './rounds.ts'

export interface GpuOptions {
  kube: Kube
  /** Labels of the exporter's pods, each as a selector. None: no GPU is looked at. */
  selectors: readonly string[]
  /** Exporters of these only; empty: of all. */
  namespaces: readonly string[]
  /** The replicas. */
  pods: () => readonly Pod[]
  read: (url: URL) => Promise<string>
  log: Log
  time: Time
}

/** What is looked at of an exporter's pod. */
interface ExporterPod extends Omit<Pod, 'spec'> {
  spec?: { containers?: { ports?: { name?: string; containerPort?: number }[] }[] }
}

/** One that can be asked. */
interface Exporter {
  host: string
  url: string
  /** ms since 1970. */
  since: number
}

interface Asked {
  url: string
  pods: readonly Pod[]
}

const PORT = 9400

const words = {
  name: 'host',
  fails: "can't read an exporter of GPU metrics",
  again: 'an exporter of GPU metrics is read again',
}

/**
 * GPU use of the replicas, from the pod of dcgm-exporter on their node. Where there is no such pod, nobody is
 * asked; of what one says, only what is about pods of its own node counts.
 */
export class GpuWatch {
  private readonly pods: () => readonly Pod[]
  private readonly collections: [string, Collection<ExporterPod, Exporter>][]
  private readonly rounds: Rounds<Asked, number>

  constructor({ kube, selectors, namespaces, pods, read, log, time }: GpuOptions) {
    this.pods = pods
    const common = { kube, log, time, group: 'api/v1', plural: 'pods', namespaces }
    const changed = (): void => undefined
    this.collections = selectors.map(labelSelector => {
      const query = { labelSelector }
      return [labelSelector, new Collection({ ...common, query, keep: keepExporter, changed })]
    })
    const ask = async (_host: string, asked: Asked): Promise<[string, number][]> => {
      const gpus = readGpus(await read(new URL(asked.url)))
      if (gpus === null)
        throw new Error(
          'expected DCGM_FI_DEV_GPU_UTIL or DCGM_FI_PROF_GR_ENGINE_ACTIVE, got a page with neither',
        )
      return asked.pods.flatMap(pod => {
        const used = gpus.get(nameOf(pod))
        return used === undefined ? [] : [[nameOf(pod), used]]
      })
    }
    this.rounds = new Rounds({ whom: () => this.whom(), ask, words, log, time })
  }

  start(): void {
    for (const [, each] of this.collections) each.start()
    this.rounds.start()
  }

  stop(): void {
    for (const [, each] of this.collections) each.stop()
    this.rounds.stop()
  }

  look(): Promise<void> {
    return this.rounds.look()
  }

  /** Of namespace/pod, in thousandths; null when nothing new is known. */
  of(pod: string): number | null {
    return this.rounds.of(pod)
  }

  figures(): RoundsFigures {
    return this.rounds.figures()
  }

  informers(): Record<string, InformerFigures> {
    return Object.fromEntries(
      this.collections.map(([selector, each]) => [`pods ${selector}`, each.figures()]),
    )
  }

  /** Of several on one node the oldest: a newcomer does not take its place. */
  private whom(): Map<string, Asked> {
    const out = new Map<string, Asked>()
    const exporters = this.collections.flatMap(([, each]) => each.all())
    if (exporters.length === 0) return out
    const byHost = podsByHost(this.pods())
    for (const { host, url } of exporters.toSorted((a, b) => a.since - b.since)) {
      const pods = byHost.get(host)
      if (pods !== undefined && !out.has(host)) out.set(host, { url, pods })
    }
    return out
  }
}

/** Null while it can't be asked. */
function keepExporter(pod: ExporterPod): Exporter | null {
  const { metadata, spec, status } = pod
  const ready = conditionOf(status?.conditions, 'Ready')?.status === 'True'
  if (!ready || !status?.hostIP || !status.podIP) return null
  const ports = (spec?.containers ?? []).flatMap(each => each.ports ?? [])
  const port = ports.find(({ name }) => name === 'metrics')?.containerPort ?? PORT
  const url = `http://${hostPort(status.podIP, port)}/metrics`
  const since = timeOf(metadata.creationTimestamp) ?? 0
  return URL.canParse(url) ? { host: status.hostIP, url, since } : null
}
