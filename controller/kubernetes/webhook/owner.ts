import {
  bool,
  check,
  list,
  map,
  nullable,
  object,
  optional,
  text,
} from '../../../core/model/schema.ts'

/** Whom to tell about a pod: the Deployment, or whatever else made it. */
export interface Owner {
  apiVersion: string
  kind: string
  namespace: string
  name: string
  /** Unknown for a Deployment: pods name their ReplicaSet only. */
  uid?: string
  /** Which template of its owner a pod was made from; empty where that is not told. */
  template: string
}

const short = text(300)
/**
 * The API server asks us before it looks at what names a pod has in it, and ours become parts of paths: whatever
 * no object can be called is nobody's.
 */
const name = text(253, /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/)
const reference = object({
  apiVersion: text(300, /^[a-z0-9./-]+$/),
  kind: text(63, /^[A-Za-z0-9]+$/),
  name,
  uid: short,
  controller: optional(nullable(bool)),
})
const made = object({
  metadata: object({
    name: optional(nullable(text(253, /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$/))),
    labels: optional(nullable(map(short, 10_000, short))),
    ownerReferences: optional(nullable(list(reference, 1000))),
  }),
})

/** `namespace` as the API server names it: a pod that is just made need not. Null for what nobody owns. */
export function ownerOf(pod: unknown, namespace: string): Owner | null {
  const checked = check(made, pod)
  if (!checked.ok || !check(name, namespace).ok) return null
  const { ownerReferences, labels, name: own } = checked.value.metadata
  const owner = (ownerReferences ?? []).find(({ controller }) => controller === true)
  const hash = labels?.['pod-template-hash'] ?? ''
  if (owner === undefined) {
    // One that a person made, with a name of its own.
    if (own == null || own === '') return null
    return { apiVersion: 'v1', kind: 'Pod', namespace, name: own, template: '' }
  }
  const { apiVersion, kind, uid } = owner
  if (kind === 'ReplicaSet' && hash !== '' && owner.name.endsWith(`-${hash}`)) {
    const deployment = owner.name.slice(0, -hash.length - 1)
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace,
      name: deployment,
      template: hash,
    }
  }
  return { apiVersion, kind, namespace, name: owner.name, uid, template: hash }
}
