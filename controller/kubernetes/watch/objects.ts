/**
 * What we read of the API's objects, as it is on the wire (times are RFC 3339 text). Narrow on purpose: a
 * field that is not here is not looked at. Shapes: Kubernetes API reference, v1, apps/v1, autoscaling/v2.
 */
export interface Meta {
  name: string
  namespace: string
  uid: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { apiVersion?: string; kind: string; name: string; uid: string }[]
}

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export interface ContainerStatus {
  name: string
  ready?: boolean
  restartCount?: number
  state?: {
    waiting?: { reason?: string; message?: string }
    terminated?: { reason?: string; exitCode?: number; message?: string }
  }
  lastState?: { terminated?: { reason?: string; exitCode?: number } }
}

export interface Container {
  name: string
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> }
}

export interface Pod {
  metadata: Meta
  spec?: { nodeName?: string; containers?: Container[]; initContainers?: Container[] }
  status?: {
    phase?: string
    reason?: string
    message?: string
    podIP?: string
    podIPs?: { ip?: string }[]
    hostIP?: string
    startTime?: string
    conditions?: Condition[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
  }
}

export interface PodTemplate {
  metadata?: { annotations?: Record<string, string>; labels?: Record<string, string> }
  spec?: unknown
}

export interface Deployment {
  metadata: Meta
  spec: { replicas?: number; paused?: boolean; template: PodTemplate }
  status?: {
    observedGeneration?: number
    replicas?: number
    updatedReplicas?: number
    conditions?: Condition[]
  }
}

interface TargetRef {
  apiVersion?: string
  kind?: string
  name?: string
}

/** HorizontalPodAutoscaler, and KEDA's ScaledObject: both name what they scale in the same place. */
export interface ScalingObject {
  metadata: Meta
  spec?: { scaleTargetRef?: TargetRef }
}

export function nameOf({ metadata }: { metadata: Meta }): string {
  return `${metadata.namespace}/${metadata.name}`
}

/** ms since 1970, or null for none. */
export function timeOf(text: string | undefined): number | null {
  const ms = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? null : ms
}

export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | null {
  return conditions?.find(each => each.type === type) ?? null
}

export function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
