import { endpointName, revisionName } from '../../../core/model/names.ts'
import { check } from '../../../core/model/schema.ts'
import type { PlatformEndpoint, PlatformReplica } from '../../../core/model/tables.ts'
import { edgePortOf } from './edge-ports.ts'
import { NAMES } from './names.ts'
import { conditionOf, nameOf, timeOf, type Deployment, type Pod } from './objects.ts'
import { cut, hasEnded, replicaOf } from './pod.ts'

/** What is known of a Deployment and its injected pods. */
export interface Known {
  deployment: Deployment
  pods: readonly Pod[]
  /** The revision where no pod says one. */
  revision: string
  /** ms; null where the pod was not seen ready. */
  firstReady: (pod: Pod) => number | null
}

/** A Deployment whose pods are to be injected. A name that no contract could carry makes it none. */
export function isEndpoint(deployment: Deployment): boolean {
  return wantsInjection(deployment) && check(endpointName, nameOf(deployment)).ok
}

export function wantsInjection({ spec }: Deployment): boolean {
  return spec.template.metadata?.annotations?.[NAMES.inject] === 'true'
}

/** Of a Deployment's pods at most 63: a longer one was made by hand, and contracts end at 100. */
const LONGEST_NAME = 63

/**
 * The endpoint of an injected pod, or null. What the annotation says counts where the pod's owner agrees:
 * a pod can speak for its own Deployment only. A ReplicaSet is named after its Deployment and its hash.
 */
export function endpointOfPod({ metadata }: Pod): string | null {
  const endpoint = metadata.annotations?.[NAMES.endpoint] ?? ''
  const [namespace, name, more] = endpoint.split('/')
  if (namespace !== metadata.namespace || name === undefined || name === '') return null
  if (more !== undefined || metadata.name.length > LONGEST_NAME) return null
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet')
  return owner?.name === `${name}-${hashOfTemplate(metadata)}` ? endpoint : null
}

function hashOfTemplate({ labels }: Pod['metadata']): string {
  return labels?.['pod-template-hash'] ?? ''
}

export function endpointRow({ deployment, pods, revision, firstReady }: Known): PlatformEndpoint {
  const living = pods.filter(pod => !hasEnded(pod))
  const replicas = living
    .map(pod => replicaOf(pod, firstReady(pod)))
    .toSorted((a, b) => a.started - b.started || (a.replica < b.replica ? -1 : 1))
  return {
    endpoint: nameOf(deployment),
    revision: revisionOfPods(living) ?? revision,
    port: edgePortOf(deployment),
    desired: desiredOf(deployment),
    why: whyOf(deployment, pods, replicas),
    replicas,
  }
}

/** The API server puts in 1 where nothing is asked for. */
export function desiredOf({ spec }: Deployment): number {
  return spec.replicas ?? 1
}

/**
 * The revision of the newest template that has pods. Newest is the one whose oldest pod is youngest: in a
 * rollout the old template may get a pod after the new one.
 */
function revisionOfPods(pods: readonly Pod[]): string | null {
  const oldest = new Map<string, { at: number; revision: string }>()
  for (const { metadata } of pods) {
    const revision = metadata.annotations?.[NAMES.revision]
    const at = timeOf(metadata.creationTimestamp) ?? 0
    const hash = hashOfTemplate(metadata)
    const good = check(revisionName, revision)
    if (good.ok && at < (oldest.get(hash)?.at ?? Infinity))
      oldest.set(hash, { at, revision: good.value })
  }
  const newest = [...oldest].toSorted(([a, x], [b, y]) => y.at - x.at || (a < b ? -1 : 1))[0]
  return newest?.[1].revision ?? null
}

/** That its rollout is paused comes first: it is short, so both fit. */
function whyOf(
  deployment: Deployment,
  pods: readonly Pod[],
  rows: readonly PlatformReplica[],
): string | null {
  const paused = whyPaused(deployment)
  const fewer = whyFewer(deployment, pods, rows)
  return paused === null || fewer === null ? (paused ?? fewer) : cut(`${paused}; ${fewer}`)
}

/**
 * A paused Deployment scales the ReplicaSets that it has and makes none. That matters when pods are of another
 * template than its own, or when it has no ReplicaSet at all. After `sync` and `scale` of Kubernetes'
 * pkg/controller/deployment/sync.go, 1.36; `updatedReplicas` are those of its own template, left out for 0.
 */
function whyPaused(deployment: Deployment): string | null {
  if (deployment.spec.paused !== true) return null
  const { replicas = 0, updatedReplicas = 0 } = deployment.status ?? {}
  const older = replicas - updatedReplicas
  const are = older === 1 ? 'is' : 'are'
  const added = updatedReplicas === 0 ? 'are' : 'may be'
  if (older > 0)
    return `rollout is paused: ${older} of ${replicas} pods ${are} of an older template, and so ${added} those that scaling adds`
  if (replicas > 0 || desiredOf(deployment) === 0) return null
  return 'rollout is paused, and there is no pod yet: before its first rollout a Deployment gets none'
}

/** Pods that were never made have no row, so their Deployment says why: a quota, an admission, a broken webhook. */
function whyFewer(
  deployment: Deployment,
  pods: readonly Pod[],
  rows: readonly PlatformReplica[],
): string | null {
  const present = rows.filter(({ state }) => state !== 'draining').length
  const { status } = deployment
  if (present >= desiredOf(deployment)) return null
  const failure = conditionOf(status?.conditions, 'ReplicaFailure')
  if (failure?.status === 'True')
    return cut(`no more pods: ${failure.reason ?? 'ReplicaFailure'}: ${failure.message ?? ''}`)
  const plain = (status?.replicas ?? 0) - present
  if (plain > 0) return `${plain} of its pods have no sidecar: they are not counted`
  const ended = pods.findLast(hasEnded)
  return ended === undefined ? null : cut(`${ended.metadata.name}: ${endedWords(ended)}`)
}

function endedWords(pod: Pod): string {
  return replicaOf(pod, null).why ?? 'it has ended'
}
