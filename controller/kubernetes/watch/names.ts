/** Labels and annotations that discovery and actuation read and write. */
export const PREFIX = 'outrigger.dev/'
/** Whom the API server's managedFields name for what we write. */
export const MANAGER = 'outrigger'

export const NAMES = {
  inject: `${PREFIX}inject`,
  /** On injected pods. */
  injected: `${PREFIX}injected`,
  endpoint: `${PREFIX}endpoint`,
  revision: `${PREFIX}revision`,
  mode: `${PREFIX}mode`,
  appPort: `${PREFIX}app-port`,
  /** On Deployments, by people. */
  edge: `${PREFIX}edge`,
  loadBalancer: `${PREFIX}load-balancer-metrics`,
  override: `${PREFIX}override-`,
  /** On Deployments, by us. */
  edgePort: `${PREFIX}edge-port`,
  epoch: `${PREFIX}epoch`,
  status: `${PREFIX}status`,
} as const

/** The sidecar's container in an injected pod. */
export const SIDECAR = 'outrigger'
