import { statusOf } from '../../controller/kubernetes/api/error.ts'
import { openAnswer } from '../../controller/kubernetes/api/stream.ts'
import { wordsOfError } from '../../core/runtime/log.ts'
import type { Cluster } from '../cluster.ts'
import { unreachableCluster } from '../cluster-words.ts'

/** The cluster and the release in it that are looked at. */
export interface Scene {
  cluster: Cluster
  /** Namespace of the release. */
  release: string
  /** The API server's, at the start. */
  version: string
  /** ms since 1970 by the API server's clock, at the start; null where it does not say. */
  serverTime: number | null
  /** ms since 1970 by this machine's, then. */
  time: number
  /** How the release was installed; null: it is not. */
  installed: Installed | null
}

/** As the controller's StatefulSet says. */
export interface Installed {
  image: string
  /** Of the chart's application. */
  version: string
  sidecarImage: string
  webhook: boolean
  watchNamespaces: string[]
  kubelets: boolean
}

interface StatefulSet {
  metadata: { labels?: Record<string, string> }
  spec: {
    template: {
      spec: { containers: { image: string; env?: { name: string; value?: string }[] }[] }
    }
  }
}

/** Throws Failure where the API server can't be reached. */
export async function openScene(cluster: Cluster, release: string): Promise<Scene> {
  const first = await versionOf(cluster).catch((error: unknown) => {
    throw unreachableCluster(cluster.name, wordsOfError(error))
  })
  return {
    cluster,
    release,
    ...first,
    time: Date.now(),
    installed: await installed(cluster, release),
  }
}

async function versionOf({
  access,
}: Cluster): Promise<{ version: string; serverTime: number | null }> {
  const question = { method: 'GET', path: '/version', query: {}, accept: 'application/json' }
  const answer = await openAnswer(access, question, 10_000)
  const parts: Buffer[] = []
  for await (const part of answer as AsyncIterable<Buffer>) parts.push(part)
  const date = Date.parse(answer.headers.date ?? '')
  const { gitVersion = '' } = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
    gitVersion?: string
  }
  // The header has whole seconds: in the mean it is half a second late.
  return { version: gitVersion, serverTime: Number.isNaN(date) ? null : date + 500 }
}

async function installed({ kube }: Cluster, release: string): Promise<Installed | null> {
  const path = `/apis/apps/v1/namespaces/${release}/statefulsets/outrigger-controller`
  try {
    const { metadata, spec } = await kube.get<StatefulSet>(path)
    const [container] = spec.template.spec.containers
    const env = (name: string): string =>
      container?.env?.find(each => each.name === name)?.value ?? ''
    return {
      image: container?.image ?? '',
      version: metadata.labels?.['app.kubernetes.io/version'] ?? '',
      sidecarImage: env('OUTRIGGER_IMAGE'),
      webhook: env('OUTRIGGER_WEBHOOK') !== 'off',
      watchNamespaces: env('OUTRIGGER_WATCH_NAMESPACES')
        .split(',')
        .filter(name => name !== ''),
      kubelets: env('OUTRIGGER_KUBELETS') !== 'off',
    }
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}

/** Minor of "v1.36.3"; null for what is no version of Kubernetes 1. */
export function minorOf(version: string): number | null {
  const [, minor] = /^v1\.(\d+)/.exec(version) ?? []
  return minor === undefined ? null : Number(minor)
}
