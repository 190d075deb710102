import { nameOf, type Deployment, type ScalingObject } from './objects.ts'

/** Somebody else who scales the same Deployment. Two that set one number never agree, so we leave it alone. */
export interface Rival {
  kind: 'HorizontalPodAutoscaler' | 'ScaledObject'
  /** namespace/name */
  name: string
}

/** A ScaledObject comes first: the HPA that KEDA makes for it would come back when deleted. */
export function rivalOf(
  deployment: Deployment,
  hpas: readonly ScalingObject[],
  scaledObjects: readonly ScalingObject[],
): Rival | null {
  const scaled = scaledObjects.find(each => targets(each, deployment))
  if (scaled !== undefined) return { kind: 'ScaledObject', name: nameOf(scaled) }
  const hpa = hpas.find(each => targets(each, deployment))
  return hpa === undefined ? null : { kind: 'HorizontalPodAutoscaler', name: nameOf(hpa) }
}

function targets({ metadata, spec }: ScalingObject, deployment: Deployment): boolean {
  const ref = spec?.scaleTargetRef
  return (
    metadata.namespace === deployment.metadata.namespace &&
    metadata.deletionTimestamp === undefined &&
    ref?.name === deployment.metadata.name &&
    (ref.kind ?? 'Deployment') === 'Deployment' &&
    (ref.apiVersion ?? 'apps/v1').startsWith('apps/')
  )
}

/** What is wrong and what to do about it. */
export function wordsOf({ kind, name }: Rival): string {
  const [namespace, own] = name.split('/')
  const what = kind === 'ScaledObject' ? 'scaledobject' : 'hpa'
  return (
    `${kind} ${name} scales this Deployment already, so Outrigger sets no replicas. ` +
    `To let Outrigger scale it: kubectl delete ${what} -n ${namespace} ${own}. ` +
    'To keep that scaler and use Outrigger for limits only: annotate outrigger.dev/freeze: replicas'
  )
}
