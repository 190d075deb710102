import { ports } from '../../../core/model/ports.ts'

/** What the injector calls what it adds. */
export const PREFIX = 'outrigger.dev/'
/** Who puts "true" here asks for the sidecar. */
export const INJECT = `${PREFIX}inject`
/** The container and its volume. */
export const SIDECAR = 'outrigger'

/** The label of an injected pod may be anybody's; without the container there is nobody to talk to. */
export function hasSidecar({
  spec,
}: {
  spec?: { initContainers?: readonly { name: string }[] | null | undefined } | undefined
}): boolean {
  return (spec?.initContainers ?? []).some(({ name }) => name === SIDECAR)
}
/** Where the volume is mounted: in the sidecar alone. */
export const STATE_DIR = '/outrigger'

/** Names of container ports, at most 15 characters. */
export const portNames = {
  /** What the model's port is called once the sidecar has its name. */
  model: 'outrigger-app',
  admin: 'outrigger-admin',
  metrics: 'outrigger-stats',
} as const

/** Listened on in every injected pod. */
export interface OwnPorts {
  traffic: number
  admin: number
  metrics: number
}
export const ownPorts: OwnPorts = {
  traffic: ports.traffic.port,
  admin: ports.admin.port,
  metrics: ports.metrics.port,
}

/** Istio's agent has 15020 and 15021 for itself, so beside it ours move. */
export const besideIstio: OwnPorts = { traffic: ports.traffic.port, admin: 15081, metrics: 15082 }

/** Annotations that an injected pod gets, so that it says what was done to it. */
export const written = {
  status: `${PREFIX}status`,
  endpoint: `${PREFIX}endpoint`,
  revision: `${PREFIX}revision`,
  mode: `${PREFIX}mode`,
  appPort: `${PREFIX}app-port`,
  adminPort: `${PREFIX}admin-port`,
  metricsPort: `${PREFIX}metrics-port`,
} as const
/** The label of an injected pod, to select by. */
export const INJECTED = `${PREFIX}injected`
