import { inject } from '../../controller/kubernetes/inject/inject.ts'
import { missing, suspects } from '../../controller/kubernetes/keep/missing.ts'
import { findings as servicesOf, type Service } from '../../controller/kubernetes/keep/service.ts'
import { annotationsOf, readAnnotations } from '../../controller/kubernetes/watch/annotations.ts'
import { rivalOf, wordsOf } from '../../controller/kubernetes/watch/conflicts.ts'
import { hasSidecar, NAMES, SIDECAR } from '../../controller/kubernetes/watch/names.ts'
import {
  nameOf,
  type Deployment,
  type Pod,
  type ScalingObject,
} from '../../controller/kubernetes/watch/objects.ts'
import { hasEnded, replicaOf } from '../../controller/kubernetes/watch/pod.ts'
import { endpointOfPod } from '../../controller/kubernetes/watch/table.ts'
import { sentence } from '../../core/model/schema.ts'
import { drains, type DisruptionBudget } from './drains.ts'
import { few, fine, many, orFine, unknown, wrong, type Finding } from './finding.ts'
import { liveFindings, type Live } from './live.ts'

/** Is all well with what is served? */
export interface EndpointsFacts {
  release: string
  /** Image of new sidecars. */
  image: string
  now: number
  /** Why some of it could not be read. */
  unread: string[]
  deployments: Deployment[]
  /** Deployments that have the annotation themselves, and not on their pod template. */
  misplaced: string[]
  /** Injected ones, and all of endpoints that have pods without a sidecar. */
  pods: Pod[]
  services: Service[]
  hpas: ScalingObject[]
  scaledObjects: ScalingObject[]
  budgets: DisruptionBudget[]
  /** By endpoint. */
  live: Map<string, Live>
}

const MISPLACED = `${NAMES.inject} is on the Deployment, and belongs on its pod template.`

export function judgeEndpoints(facts: EndpointsFacts): Finding[] {
  const { deployments } = facts
  const unread = [
    ...facts.unread.map(why => unknown('sidecars', why)),
    ...facts.misplaced.map(endpoint =>
      wrong(
        'sidecar-missing',
        'failure',
        endpoint,
        MISPLACED,
        'Move it to spec.template.metadata.',
      ),
    ),
  ]
  if (deployments.length === 0)
    return [...unread, fine('sidecars', 'No Deployment asks for a sidecar.')]
  const each = <K extends Finding['check']>(
    check: K,
    words: string,
    judge: (deployment: Deployment) => Finding[],
  ): Finding[] => orFine(deployments.flatMap(judge), check, words)
  const podsOf = (deployment: Deployment): Pod[] =>
    facts.pods.filter(pod => endpointOfPod(pod) === nameOf(deployment))
  const count = facts.pods.filter(hasSidecar).length
  return [
    ...unread,
    ...each(
      'sidecars',
      `Ready: ${many(count, 'injected pod')} of ${many(deployments.length, 'endpoint')}.`,
      one => unready(podsOf(one)),
    ),
    ...each('sidecar-missing', 'No pod is without.', one => without(one, facts)),
    ...each('sidecar-version', `All are of ${facts.image}.`, one =>
      otherImage(one, podsOf(one), facts.image),
    ),
    ...liveFindings(deployments.map(nameOf), facts.live),
    ...each('annotations', 'They can be read.', one => annotations(one, facts.now)),
    ...each('rivals', 'Nobody else scales.', one => rivals(one, facts)),
    ...orFine(bypasses(facts), 'services', 'None leads past a sidecar.'),
    ...each('drains', 'No PodDisruptionBudget holds all pods of an endpoint.', one =>
      drains(one, podsOf(one), facts.budgets),
    ),
  ]
}

function unready(pods: readonly Pod[]): Finding[] {
  return pods.flatMap(pod => {
    const { state, why } = replicaOf(pod, null)
    if (state === 'ready' || state === 'draining' || hasEnded(pod)) return []
    const level = state === 'starting' ? 'warning' : 'failure'
    return [wrong('sidecars', level, nameOf(pod), `It is ${state}: ${why ?? 'not ready'}.`)]
  })
}

function without(deployment: Deployment, { pods, release, image }: EndpointsFacts): Finding[] {
  const would = (pod: unknown, namespace: string): ReturnType<typeof inject> =>
    inject(pod, {
      image,
      pullPolicy: 'IfNotPresent',
      rootKey: '',
      drainSecret: '',
      namespace,
      excluded: [release, 'kube-system'],
      resources: {},
    })
  const { namespace } = deployment.metadata
  const near = pods.filter(({ metadata }) => metadata.namespace === namespace)
  return missing(deployment, near, would).map(({ note, endpoint }) =>
    wrong('sidecar-missing', 'failure', endpoint, `${note}.`.replace(/\.\.$/, '.')),
  )
}

/** Endpoints whose pods have to be looked at one by one. */
export function toLookAt(deployments: readonly Deployment[], pods: readonly Pod[]): Deployment[] {
  return suspects(
    deployments,
    endpoint => pods.filter(pod => hasSidecar(pod) && endpointOfPod(pod) === endpoint).length,
  )
}

function otherImage(deployment: Deployment, pods: readonly Pod[], image: string): Finding[] {
  const others = pods.flatMap(({ spec }) =>
    (spec?.initContainers ?? []).flatMap(each => {
      const own = (each as { image?: string }).image ?? ''
      return each.name === SIDECAR && own !== image ? [own] : []
    }),
  )
  if (others.length === 0) return []
  const words = `${others.length} of ${pods.length} are of ${few([...new Set(others)])}, not of ${image}.`
  return [wrong('sidecar-version', 'warning', nameOf(deployment), words)]
}

function annotations(deployment: Deployment, now: number): Finding[] {
  const { issues } = readAnnotations(annotationsOf(deployment), now)
  return issues.map(issue =>
    wrong('annotations', 'failure', nameOf(deployment), `${sentence(issue)}.`),
  )
}

/** Who freezes replicas has said that the other one scales. */
function rivals(deployment: Deployment, { hpas, scaledObjects, now }: EndpointsFacts): Finding[] {
  const rival = rivalOf(deployment, hpas, scaledObjects)
  const { freeze } = readAnnotations(annotationsOf(deployment), now).settings
  if (rival === null || freeze === 'replicas' || freeze === 'all') return []
  const [words = ''] = wordsOf(rival).split(/(?<=\.) /)
  return [wrong('rivals', 'failure', nameOf(deployment), words)]
}

/** One that we rewrite ourselves is no failure of somebody. */
function bypasses({ services, deployments }: EndpointsFacts): Finding[] {
  return servicesOf(services, deployments).map(({ endpoint, sentence: words, fix, rewrite }) =>
    wrong('services', rewrite ? 'warning' : 'failure', endpoint, words, fix),
  )
}
