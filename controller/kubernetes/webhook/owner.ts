/** What is read of a pod. */
export interface Made {
  metadata?: {
    name?: string
    namespace?: string
    labels?: Record<string, string>
    ownerReferences?: {
      apiVersion: string
      kind: string
      name: string
      uid: string
      controller?: boolean
    }[]
  }
}

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

/** `namespace` as the API server names it: a pod that is just made need not. */
export function ownerOf(pod: Made, namespace: string): Owner | null {
  const { ownerReferences = [], labels = {}, name } = pod.metadata ?? {}
  const owner = ownerReferences.find(({ controller }) => controller === true)
  const hash = labels['pod-template-hash'] ?? ''
  if (owner === undefined) {
    // One that a person made, with a name of its own.
    if (name === undefined || name === '') return null
    return { apiVersion: 'v1', kind: 'Pod', namespace, name, template: '' }
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
