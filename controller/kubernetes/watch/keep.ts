import { DELETION_COST, PREFIX } from './names.ts'
import type { Container, ContainerStatus, Deployment, Meta, Pod } from './objects.ts'
import { wantsInjection } from './table.ts'

/** A Deployment as we keep it: its template's spec is only its revision. */
export interface KeptDeployment extends Deployment {
  templateRevision: string
}

/** What a cache keeps of a Deployment; null for one that is none of ours. */
export function keepDeployment(
  deployment: Deployment,
  revisionOf: (spec: unknown) => string,
): KeptDeployment | null {
  if (!wantsInjection(deployment)) return null
  const { replicas, paused, template } = deployment.spec
  const { annotations } = template.metadata ?? {}
  return {
    metadata: keepMeta(deployment.metadata),
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(paused === undefined ? {} : { paused }),
      template: { metadata: { annotations: ours(annotations) } },
    },
    ...(deployment.status === undefined ? {} : { status: deployment.status }),
    templateRevision: revisionOf(template.spec),
  }
}

/** A fleet has ten thousand pods, each of 10 kB: what nobody here looks at is not kept. */
export function keepPod({ metadata, spec, status }: Pod): Pod {
  const kept: Pod = { metadata: keepMeta(metadata) }
  const containers = (spec?.containers ?? []).map(keepContainer)
  kept.spec = { containers }
  if (status === undefined) return kept
  const { containerStatuses, initContainerStatuses, ...plain } = status
  kept.status = {
    phase: plain.phase ?? 'Unknown',
    ...pick(plain, ['reason', 'message', 'podIP', 'podIPs', 'hostIP', 'startTime', 'conditions']),
    containerStatuses: (containerStatuses ?? []).map(keepContainerStatus),
    initContainerStatuses: (initContainerStatuses ?? []).map(keepContainerStatus),
  }
  return kept
}

export function keepMeta(meta: Meta): Meta {
  const kept: Meta = {
    ...pick(meta, ['resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp']),
    name: meta.name,
    namespace: meta.namespace,
    uid: meta.uid,
  }
  if (meta.labels !== undefined) kept.labels = meta.labels
  if (meta.annotations !== undefined) kept.annotations = ours(meta.annotations)
  if (meta.ownerReferences !== undefined)
    kept.ownerReferences = meta.ownerReferences.map(({ kind, name, uid }) => ({ kind, name, uid }))
  return kept
}

function ours(annotations: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).filter(
      ([name]) => name.startsWith(PREFIX) || name === DELETION_COST,
    ),
  )
}

function keepContainer({ name, resources }: Container): Container {
  return resources === undefined ? { name } : { name, resources }
}

function keepContainerStatus(status: ContainerStatus): ContainerStatus {
  return {
    name: status.name,
    ...pick(status, ['ready', 'restartCount', 'state', 'lastState']),
  }
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  const out: Partial<T> = {}
  for (const key of keys) if (from[key] !== undefined) out[key] = from[key]
  return out as Pick<T, K>
}
