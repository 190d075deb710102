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

const name = text(300)
const reference = object({
  apiVersion: name,
  kind: name,
  name,
  uid: name,
  controller: optional(nullable(bool)),
})
const made = object({
  metadata: object({
    name: optional(nullable(name)),
    labels: optional(nullable(map(name, 10_000, name))),
    ownerReferences: optional(nullable(list(reference, 1000))),
  }),
})

/** `namespace` as the API server names it: a pod that is just made need not. Null for what nobody owns. */
export function ownerOf(pod: unknown, namespace: string): Owner | null {
  const checked = check(made, pod)
  if (!checked.ok) return null
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
