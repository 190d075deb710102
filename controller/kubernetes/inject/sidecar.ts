import type { Injecting } from './context.ts'
import { drainHook, drainMaxMs, graceOf } from './drain.ts'
import { healthPaths, readyPath } from './health.ts'
import { ownPorts, portNames, SIDECAR, STATE_DIR } from './names.ts'
import { parts } from './quantity.ts'
import type { Plan } from './verdict.ts'

/** The container that is added: a native sidecar, started before the model and stopped after it. */
export function sidecarOf(plan: Plan, context: Injecting, revision: string): object {
  const { facts, servedAs } = plan
  const { admin, metrics, traffic } = facts.ports
  const served = facts.asked.mode === 'rename' ? [{ name: servedAs, containerPort: traffic }] : []
  return {
    name: SIDECAR,
    image: context.image,
    imagePullPolicy: context.pullPolicy,
    restartPolicy: 'Always',
    args: ['sidecar'],
    env: environment(plan, context, revision),
    ports: [
      ...served,
      { name: portNames.admin, containerPort: admin },
      { name: portNames.metrics, containerPort: metrics },
    ].map(port => ({ ...port, protocol: 'TCP' })),
    readinessProbe: {
      httpGet: { path: '/readyz', port: admin, scheme: 'HTTP' },
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: 3,
    },
    lifecycle: { preStop: drainHook('pod', admin, context.drainSecret) },
    ...(sharesResources(plan) ? {} : { resources: context.resources }),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext,
    volumeMounts: [{ name: SIDECAR, mountPath: STATE_DIR }],
  }
}

/** Whether containers of the pod will see each other's processes. */
export function sharesProcesses({ asked, pod: { spec } }: Plan['facts']): boolean {
  if (spec.shareProcessNamespace === true) return true
  return asked.shareProcesses && spec.hostPID !== true
}

/** With resources of the pod as a whole, a container's own could exceed them. */
export function sharesResources({ facts }: Plan): boolean {
  const { requests, limits } = facts.pod.spec.resources ?? {}
  return Object.keys({ ...requests, ...limits }).length > 0
}

/** Small and bounded: one order is kept in it. */
export const volume = { name: SIDECAR, emptyDir: { sizeLimit: '16Mi' } }

/** Passes the restricted Pod Security Standard, whatever the pod's own context says. */
const securityContext = {
  runAsNonRoot: true,
  runAsUser: 65_532,
  runAsGroup: 65_532,
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

function environment(plan: Plan, context: Injecting, revision: string): object[] {
  const { facts, endpoint, port } = plan
  const { asked, ports, pod } = facts
  const loopback = asked.mode === 'loopback'
  const moved = ports === ownPorts ? null : ports
  const grace = graceOf(pod.spec.terminationGracePeriodSeconds)
  return [
    variable('ENDPOINT', endpoint),
    variable('REVISION', revision),
    field('OUTRIGGER_REPLICA', 'metadata.name'),
    variable('ROOT_KEY', context.rootKey),
    variable('APP', `127.0.0.1:${port.number}`),
    ...(loopback ? [field('POD_IPS', 'status.podIPs')] : []),
    // One address or two, of either family: the sidecar reads them all.
    loopback
      ? { name: 'OUTRIGGER_TRAFFIC', value: `$(POD_IPS):${port.number}` }
      : variable('TRAFFIC', `[::]:${ports.traffic}`),
    variable('ADMIN', moved && `[::]:${moved.admin}`),
    variable('METRICS', moved && `[::]:${moved.metrics}`),
    variable('STATE_DIR', STATE_DIR),
    variable('DRAIN_SECRET', context.drainSecret),
    variable('DRAIN_MAX', String(drainMaxMs(grace))),
    variable('ORDER_WAIT', String(ORDER_WAIT_MS)),
    variable('OWN_LOOPBACK', 'yes'),
    variable('READY_PATH', readyPath(plan)),
    variable('HEALTH_PATHS', healthPaths(plan).join(',')),
    variable('CPU_QUOTA', cpuQuota(plan)),
    variable('MEMORY_LIMIT', memoryLimit(plan)),
    variable('APP_PROCESSES', sharesProcesses(facts) ? 'shared' : null),
    variable('METRICS_URL', asked.metricsUrl),
  ].filter(each => each !== null)
}

/** Orders come within two seconds where there is a controller; without one, pods are to start all the same. */
const ORDER_WAIT_MS = 5000

/** The kubelet reads `$` in values: doubled, it stands for itself. */
function variable(name: string, value: string | null): object | null {
  return value === null ? null : { name: `OUTRIGGER_${name}`, value: value.replaceAll('$', '$$$$') }
}

function field(name: string, fieldPath: string): object {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }
}

/** A limit of the model, or else of its pod as a whole. */
function limitOf({ facts, container }: Plan, name: string): string | number | undefined {
  return container.resources?.limits?.[name] ?? facts.pod.spec.resources?.limits?.[name]
}

/** Thousandths of a core that the model may use; null: no limit is given. */
function cpuQuota(plan: Plan): string | null {
  const found = parts(limitOf(plan, 'cpu'), 1000)
  return found !== null && found >= 1 && found <= 1_000_000 ? String(found) : null
}

/** Bytes. */
function memoryLimit(plan: Plan): string | null {
  const found = parts(limitOf(plan, 'memory'), 1)
  return found !== null && found >= 1 ? String(found) : null
}
