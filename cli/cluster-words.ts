import { ports } from '../core/model/ports.ts'
import { Failure } from './command.ts'
import { exit } from './exit.ts'

/** What keeps a command from a controller in a cluster, in words: what is wrong, and what to do. */

/** Begins what is said to somebody who lacks a right. */
export const NOT_ALLOWED = 'The cluster does not let you'

interface Refusal {
  method: string
  status: number
  body: unknown
  release: string
  cluster: string
  /** It was the Secret with the token that was asked for. */
  secret?: boolean
}

export function unreachableCluster(cluster: string, why: string): Failure {
  const words = `The API server of ${cluster} can't be reached (${why}). Is the cluster up, and is this the right --context?`
  return new Failure(exit.unreachable.code, words)
}

export function noRelease(release: string, elsewhere: readonly string[]): Failure {
  const [other] = elsewhere
  const then =
    other === undefined
      ? 'Name its namespace with --namespace, or install it: docs/install.md.'
      : `It is in ${elsewhere.join(', ')}: --namespace ${other}`
  return new Failure(
    exit.unreachable.code,
    `There is no Outrigger in namespace ${release}. ${then}`,
  )
}

/** Of an answer of the API server itself (a metav1.Status, or text of its proxy); null for the controller's. */
export function apiFailure(refusal: Refusal): Failure | null {
  const { status, body, release, cluster } = refusal
  const message = messageOf(body)
  if (message === null) return null
  if (status === 401) {
    const words = `The API server of ${cluster} does not know you (${message}). Renew the credentials of your kubeconfig.`
    return new Failure(exit.forbidden.code, words)
  }
  if (status === 403) return forbidden(refusal, message)
  if (status === 404) return noRelease(release, [])
  if (status === 502 || status === 503 || status === 504) return noLeader(release, message)
  return new Failure(exit.failed.code, `The API server says: ${message}.`)
}

/** The API server's own words; null where the answer is the controller's: JSON with `error`. */
function messageOf(body: unknown): string | null {
  if (typeof body === 'string') return body.trim()
  const { kind, message } = (body ?? {}) as { kind?: unknown; message?: unknown }
  if (kind !== 'Status') return null
  return (typeof message === 'string' ? message : 'no reason').replace(/\.$/, '')
}

/** The API server took the question; the token came from it a moment ago. */
export function silent(release: string, why: string): Failure {
  const words =
    `The controller of ${release} does not answer (${why}): it is frozen, or cut off from the API server. ` +
    `Another takes over within 20 s. See: outrigger check --namespace ${release}`
  return new Failure(exit.unreachable.code, words)
}

function noLeader(release: string, why: string): Failure {
  const words =
    `No controller of ${release} leads now (${why}): one takes over within 20 s. If it goes on, see: ` +
    `outrigger check --namespace ${release}`
  return new Failure(exit.unreachable.code, words)
}

const VERBS: Record<string, string> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  DELETE: 'delete',
}

function forbidden({ method, release, secret }: Refusal, message: string): Failure {
  const rule =
    secret === true
      ? { resources: ['secrets'], resourceNames: ['outrigger-token'], verbs: ['get'] }
      : {
          resources: ['services/proxy'],
          resourceNames: [`outrigger-controller:${ports.controller.port}`],
          verbs: [VERBS[method] ?? method.toLowerCase()],
        }
  const words =
    `${NOT_ALLOWED} (${message}). Missing in a Role of namespace ${release}: ` +
    JSON.stringify({ apiGroups: [''], ...rule })
  return new Failure(exit.forbidden.code, words)
}
