import { INJECTED, PREFIX, written } from '../inject/names.ts'

/** Labels and annotations that discovery and actuation read and write. */
export { hasSidecar, PREFIX, SIDECAR } from '../inject/names.ts'
/** Whom the API server's managedFields name for what we write. */
export const MANAGER = 'outrigger'

export const NAMES = {
  ...written,
  inject: `${PREFIX}inject`,
  /** The label of injected pods. */
  injected: INJECTED,
  /** On Deployments, by people. */
  edge: `${PREFIX}edge`,
  /** On Deployments, by us. */
  edgePort: `${PREFIX}edge-port`,
  epoch: `${PREFIX}epoch`,
  /** On pods that are to go: the deletion cost that they had before. */
  victim: `${PREFIX}victim`,
} as const
/** Kubernetes' own: of a ReplicaSet's ready pods those that cost least go first. */
export const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
