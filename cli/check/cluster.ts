import { statusOf } from '../../controller/kubernetes/api/error.ts'
import { conditionOf, type Condition } from '../../controller/kubernetes/watch/objects.ts'
import { fine, few, ifKnown, known, many, wrong, type Finding, type Known } from './finding.ts'
import { minorOf, type Scene } from './scene.ts'

/** Is the cluster fit for it? */
export interface ClusterFacts {
  version: string
  release: string
  nodes: Known<Node[]>
  admission: Known<boolean>
  dns: Known<number>
  /** Names of storage classes, and of the default. Null after an installation: nobody asks any more. */
  storage: Known<{ names: string[]; byDefault: string | null }> | null
  namespace: Known<Namespace | null>
}

interface Node {
  metadata: { name: string }
  status?: { nodeInfo?: { kubeletVersion?: string }; conditions?: Condition[] }
}

interface Namespace {
  metadata: { labels?: Record<string, string> }
  status?: { phase?: string }
}

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'
const LABEL = 'pod-security.kubernetes.io/enforce'
/** From here on Services see the named ports of native sidecars. */
const RENAME_MINOR = 33
/** From here on there are native sidecars. */
const SIDECAR_MINOR = 29

export async function gatherCluster(scene: Scene): Promise<ClusterFacts> {
  const { kube } = scene.cluster
  const { version, release } = scene
  const [nodes, admission, dns, storage, namespace] = await Promise.all([
    known(kube.list<Node>('/api/v1/nodes').then(({ items }) => items)),
    known(exists(kube.get('/apis/admissionregistration.k8s.io/v1')).then(found => found !== null)),
    known(
      kube
        .list('/api/v1/services', { labelSelector: 'k8s-app=kube-dns' })
        .then(({ items }) => items.length),
    ),
    scene.installed === null ? known(storageOf(scene)) : null,
    known(exists(kube.get<Namespace>(`/api/v1/namespaces/${release}`))),
  ])
  return { version, release, nodes, admission, dns, storage, namespace }
}

async function exists<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}

async function storageOf({
  cluster,
}: Scene): Promise<{ names: string[]; byDefault: string | null }> {
  const { items } = await cluster.kube.list<{
    metadata: { name: string; annotations?: Record<string, string> }
  }>('/apis/storage.k8s.io/v1/storageclasses')
  const chosen = items.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
  return {
    names: items.map(({ metadata }) => metadata.name),
    byDefault: chosen?.metadata.name ?? null,
  }
}

export function judgeCluster(facts: ClusterFacts): Finding[] {
  const { storage } = facts
  return [
    versionFinding(facts.version),
    ...ifKnown('kubelets', facts.nodes, kubelets),
    ...ifKnown('admission', facts.admission, there => [
      there
        ? fine('admission', 'It asks webhooks (admissionregistration.k8s.io/v1).')
        : wrong('admission', 'failure', '', 'It knows no admissionregistration.k8s.io/v1.'),
    ]),
    ...ifKnown('dns', facts.dns, count => [
      count > 0
        ? fine('dns', 'A Service with the label k8s-app=kube-dns is there.')
        : wrong('dns', 'warning', '', 'There is no Service with the label k8s-app=kube-dns.'),
    ]),
    ...(storage === null ? [] : ifKnown('storage', storage, storageFinding)),
    ...ifKnown('namespace', facts.namespace, found => [namespaceFinding(facts.release, found)]),
  ]
}

function versionFinding(version: string): Finding {
  const minor = minorOf(version)
  const words = `Kubernetes ${version.replace(/^v/, '')}.`
  if (minor !== null && minor >= RENAME_MINOR) return fine('api-version', words)
  const level = minor !== null && minor >= SIDECAR_MINOR ? 'warning' : 'failure'
  return wrong('api-version', level, '', `${words} Mode rename needs 1.${RENAME_MINOR}.`)
}

function kubelets(nodes: Node[]): Finding[] {
  const versionOf = (node: Node): string => node.status?.nodeInfo?.kubeletVersion ?? ''
  const old = nodes.filter(node => (minorOf(versionOf(node)) ?? 0) < SIDECAR_MINOR)
  const away = nodes.filter(
    node => conditionOf(node.status?.conditions, 'Ready')?.status !== 'True',
  )
  const names = (some: Node[]): string => few(some.map(({ metadata }) => metadata.name))
  const found: Finding[] = []
  if (old.length > 0) {
    const words = `Their kubelets are of ${few([...new Set(old.map(versionOf))])}.`
    found.push(wrong('kubelets', 'failure', names(old), words))
  }
  if (away.length > 0) found.push(wrong('kubelets', 'warning', names(away), 'Not ready.'))
  if (found.length > 0) return found
  const versions = few([...new Set(nodes.map(versionOf))])
  return [fine('kubelets', `Ready: ${many(nodes.length, 'node')}, kubelets ${versions}.`)]
}

function storageFinding({
  names,
  byDefault,
}: {
  names: string[]
  byDefault: string | null
}): Finding[] {
  if (byDefault !== null) return [fine('storage', `StorageClass ${byDefault} is the default.`)]
  const there =
    names.length === 0 ? 'There is no StorageClass' : `None of ${few(names)} is the default`
  return [wrong('storage', 'warning', '', `${there}: the controllers wait for their volume.`)]
}

function namespaceFinding(release: string, found: Namespace | null): Finding {
  if (found === null)
    return fine('namespace', 'It is not there yet (helm: --create-namespace).', release)
  if (found.status?.phase === 'Terminating')
    return wrong('namespace', 'failure', release, 'It is being deleted.')
  const level = found.metadata.labels?.[LABEL]
  const words = level === undefined ? 'No Pod Security is enforced' : `Pod Security: ${level}`
  return fine('namespace', `${words}; our pods pass restricted.`, release)
}
