import { statusOf } from '../controller/kubernetes/api/error.ts'
import { openAnswer } from '../controller/kubernetes/api/stream.ts'
import type { Question } from '../controller/kubernetes/api/exchange.ts'
import { ports } from '../core/model/ports.ts'
import { HEADERS } from '../core/model/tables.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import type { Cluster } from './cluster.ts'
import { apiFailure, noRelease, silent, unreachableCluster } from './cluster-words.ts'
import { Failure } from './command.ts'
import { exit } from './exit.ts'
import type { Way } from './way.ts'

const HEAD_MS = 15_000
const CONTROLLER = `outrigger-controller:${ports.controller.port}`

/** To the controller of a release, through the proxy of the API server, with the token of its Secret. */
export async function clusterWay(
  cluster: Cluster,
  release: string,
  headMs = HEAD_MS,
): Promise<Way> {
  const headers = { [HEADERS.token]: await tokenOf(cluster, release) }
  const prefix = `/api/v1/namespaces/${release}/services/${CONTROLLER}/proxy`
  return {
    name: `The controller in ${release} of ${cluster.name}`,
    url: null,
    namespace: cluster.namespace,
    open(method, path, json) {
      const question: Question = { method, path: prefix + path, query: {}, accept: '*/*', headers }
      if (json !== undefined)
        question.body = { type: 'application/json', text: JSON.stringify(json) }
      return openAnswer(cluster.access, question, headMs).catch((error: unknown) => {
        const why = wordsOfError(error)
        throw why.startsWith('no answer')
          ? silent(release, why)
          : unreachableCluster(cluster.name, why)
      })
    },
    refusal: (method, status, body) =>
      apiFailure({ method, status, body, release, cluster: cluster.name }),
    user: () => userOf(cluster),
  }
}

async function tokenOf({ kube, name }: Cluster, release: string): Promise<string> {
  const path = `/api/v1/namespaces/${release}/secrets/outrigger-token`
  try {
    const { data = {} } = await kube.get<{ data?: { token?: string } }>(path)
    const token = Buffer.from(data.token ?? '', 'base64').toString('utf8')
    if (token !== '') return token
    const words = `No controller of ${release} has started yet: Secret outrigger-token is empty. See: outrigger check --namespace ${release}`
    throw new Failure(exit.unreachable.code, words)
  } catch (error) {
    if (error instanceof Failure) throw error
    const status = statusOf(error)
    if (status === null) throw unreachableCluster(name, wordsOfError(error))
    if (status === 404) throw noRelease(release, await elsewhere(kube))
    const body = { kind: 'Status', message: wordsOfError(error) }
    throw (
      apiFailure({ method: 'GET', status, body, release, cluster: name, secret: true }) ??
      new Failure(exit.failed.code, wordsOfError(error))
    )
  }
}

/** Namespaces that have a controller, as far as one may see. */
async function elsewhere(kube: Cluster['kube']): Promise<string[]> {
  const labelSelector = 'app.kubernetes.io/name=outrigger,app.kubernetes.io/component=controller'
  try {
    const query = { labelSelector }
    const found = await kube.list<{ metadata: { namespace: string } }>('/api/v1/services', query)
    return [...new Set(found.items.map(({ metadata }) => metadata.namespace))]
  } catch {
    return []
  }
}

/** As the API server knows whoever asks. */
async function userOf({ kube }: Pick<Cluster, 'kube'>): Promise<string | null> {
  try {
    const review = await kube.create<{ status?: { userInfo?: { username?: string } } }>(
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    )
    return review.status?.userInfo?.username ?? null
  } catch {
    return null
  }
}
