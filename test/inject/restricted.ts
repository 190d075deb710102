import type { V1Container, V1PodSpec } from '@kubernetes/client-node'

/** Capabilities, volumes and the rest that the restricted Pod Security Standard (1.36) lets a pod have. */
const volumeKinds = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

/** What breaks the restricted standard; empty when nothing does. */
export function breaches(spec: V1PodSpec): string[] {
  const found: string[] = []
  const no = (what: string, good: boolean): void => void (good || found.push(what))
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC'] as const) no(key, spec[key] !== true)
  for (const volume of spec.volumes ?? []) {
    const kinds = Object.keys(volume).filter(key => key !== 'name')
    no(`volume ${volume.name}`, kinds.length === 1 && volumeKinds.has(kinds[0] ?? ''))
  }
  const pod = spec.securityContext ?? {}
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const own = container.securityContext ?? {}
    const at = (what: string, good: boolean): void => no(`${container.name}: ${what}`, good)
    at('privileged', own.privileged !== true)
    at('allowPrivilegeEscalation', own.allowPrivilegeEscalation === false)
    at('capabilities', dropsAll(container))
    at('runAsNonRoot', (own.runAsNonRoot ?? pod.runAsNonRoot) === true)
    at('runAsUser', (own.runAsUser ?? pod.runAsUser) !== 0)
    const seccomp = (own.seccompProfile ?? pod.seccompProfile)?.type ?? ''
    at('seccompProfile', ['RuntimeDefault', 'Localhost'].includes(seccomp))
    at('procMount', (own.procMount ?? 'Default') === 'Default')
    at(
      'hostPort',
      (container.ports ?? []).every(({ hostPort }) => !hostPort),
    )
    at(
      'probe host',
      hosts(container).every(host => !host),
    )
  }
  return found
}

function dropsAll({ securityContext }: V1Container): boolean {
  const { drop = [], add = [] } = securityContext?.capabilities ?? {}
  return drop.includes('ALL') && add.every(name => name === 'NET_BIND_SERVICE')
}

/** Since 1.34: no host in probes and hooks, which would have the kubelet ask elsewhere. */
function hosts({ livenessProbe, readinessProbe, startupProbe, lifecycle }: V1Container) {
  return [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.preStop,
    lifecycle?.postStart,
  ].flatMap(each => [each?.httpGet?.host, each?.tcpSocket?.host])
}
