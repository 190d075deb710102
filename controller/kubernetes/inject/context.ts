/** What the injector is told beside the pod. It has no clock, chance or environment of its own. */
export interface Injecting {
  /** Image of the sidecar. */
  image: string
  pullPolicy: string
  /** Public half of the root key: base64 of its SPKI. */
  rootKey: string
  /** Random; shared by the sidecar and the hooks that drain it. */
  drainSecret: string
  /** Of the request: a pod that is being made may not name it. */
  namespace: string
  /** Namespaces in which nothing is injected. */
  excluded: readonly string[]
  /** Of the sidecar. */
  resources: { requests?: Record<string, string>; limits?: Record<string, string> }
  /** Needed to pull the image: added to the pod's own. */
  imagePullSecrets?: readonly string[]
  /** Where known: they may ask for Istio. */
  namespaceLabels?: Readonly<Record<string, string>>
  /** Services of the namespace, where known. */
  services?: readonly ServiceLike[]
  /** The cluster is Kubernetes 1.minor, where known. */
  minor?: number
  /** Deployment of a pod that has no owner yet: a template, offline. */
  deployment?: string
}

/** What is read of a Service. */
export interface ServiceLike {
  metadata?: { name?: string }
  spec?: {
    selector?: Record<string, string>
    ports?: {
      name?: string
      port: number
      targetPort?: number | string
      appProtocol?: string
    }[]
  }
}
