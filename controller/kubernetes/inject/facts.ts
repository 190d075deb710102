import { readAnnotations, type Asked } from './annotations.ts'
import type { Injecting } from './context.ts'
import { meshOf, type Mesh } from './meshes.ts'
import { besideIstio, hasSidecar, ownPorts, written, type OwnPorts } from './names.ts'
import type { Pod } from './pod.ts'

/** What is so in this pod, before anything is made of it. */
export interface Facts {
  pod: Pod
  asked: Asked
  already: boolean
  owner: Owner
  mesh: Mesh | null
  /** Where the sidecar would listen. */
  ports: OwnPorts
}

export type Owner = { kind: 'deployment'; name: string } | { kind: 'job' | 'other'; words: string }

export function factsOf(pod: Pod, context: Injecting): Facts {
  const annotations = pod.metadata?.annotations ?? {}
  const mesh = meshOf(pod, context.namespaceLabels ?? {})
  return {
    pod,
    asked: readAnnotations(annotations),
    already: annotations[written.status] === 'injected' && hasSidecar(pod),
    owner: ownerOf(pod, context.deployment),
    mesh,
    ports: mesh === 'istio' ? besideIstio : ownPorts,
  }
}

/** A Deployment's pod is of a ReplicaSet called DEPLOYMENT-HASH and carries the hash as a label. */
function ownerOf(pod: Pod, deployment: string | undefined): Owner {
  if (deployment !== undefined) return { kind: 'deployment', name: deployment }
  const owner = (pod.metadata?.ownerReferences ?? []).find(({ controller }) => controller === true)
  if (owner === undefined) return { kind: 'other', words: 'nobody' }
  const words = `${owner.kind} ${owner.name}`
  const hash = pod.metadata?.labels?.['pod-template-hash']
  const ofDeployment =
    owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
  if (ofDeployment) return { kind: 'deployment', name: owner.name.slice(0, -hash.length - 1) }
  return { kind: owner.kind === 'Job' ? 'job' : 'other', words }
}
