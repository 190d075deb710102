import { parseAllDocuments } from 'yaml'

/** Objects of Kubernetes as a chart renders them, and what may be wrong with them. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  spec?: Record<string, unknown>
  rules?: Rule[]
  webhooks?: Webhook[]
  data?: Record<string, string>
}

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

interface Webhook {
  name: string
  failurePolicy: string
  timeoutSeconds: number
  clientConfig: { caBundle?: string; service: { name: string; path: string; port: number } }
  namespaceSelector: { matchExpressions: { key: string; operator: string; values: string[] }[] }
  matchConditions: { name: string; expression: string }[]
}

export interface Container {
  name: string
  args: string[]
  env?: { name: string; value?: string; valueFrom?: unknown }[]
  ports?: { name: string; containerPort: number }[]
  securityContext?: Record<string, unknown>
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  livenessProbe?: unknown
  readinessProbe?: unknown
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  securityContext?: Record<string, unknown>
  volumes?: Record<string, unknown>[]
  hostNetwork?: boolean
  hostPID?: boolean
  automountServiceAccountToken?: boolean
}

export function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap(document => {
    if (document.errors.length > 0) throw document.errors[0] ?? new Error('not YAML')
    const value = document.toJS() as KubeObject | null
    return value === null ? [] : [value]
  })
}

export function podSpecs(objects: readonly KubeObject[]): { name: string; pod: PodSpec }[] {
  return objects
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ metadata, spec = {} }) => ({
      name: metadata.name,
      pod: (spec.template as { spec: PodSpec }).spec,
    }))
}

const allowedVolumes =
  /^(configMap|csi|downwardAPI|emptyDir|ephemeral|persistentVolumeClaim|projected|secret)$/

/** What the Pod Security level `restricted` would refuse, and a root file system that can be written. */
export function unrestricted(pod: PodSpec): string[] {
  const wrong: string[] = []
  const shared = pod.securityContext ?? {}
  if (pod.hostNetwork === true || pod.hostPID === true) wrong.push('shares a namespace of the host')
  for (const { name, ...source } of pod.volumes ?? []) {
    const type = Object.keys(source)[0] ?? ''
    if (!allowedVolumes.test(type)) wrong.push(`volume ${String(name)} is a ${type}`)
  }
  for (const { name, securityContext = {} } of [...pod.containers, ...(pod.initContainers ?? [])]) {
    const all: Record<string, unknown> = { ...shared, ...securityContext }
    const capabilities = (all.capabilities ?? {}) as { drop?: string[]; add?: string[] }
    const seccomp = (all.seccompProfile ?? {}) as { type?: string }
    const rules: [string, boolean][] = [
      ['may run as root', all.runAsNonRoot === true && all.runAsUser !== 0],
      ['may gain privileges', all.allowPrivilegeEscalation === false && all.privileged !== true],
      ['keeps capabilities', capabilities.drop?.[0] === 'ALL' && capabilities.add === undefined],
      ['has no seccomp profile', seccomp.type === 'RuntimeDefault'],
      ['can write its root', all.readOnlyRootFilesystem === true],
    ]
    wrong.push(...rules.filter(([, holds]) => !holds).map(([what]) => `${name} ${what}`))
  }
  return wrong
}

const writes = /^(update|patch|delete|deletecollection|\*)$/

/** Rights that nobody should be given, or not without a name. */
export function excessive(objects: readonly KubeObject[]): string[] {
  return objects.flatMap(({ kind, metadata, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) => {
      const where = `${kind} ${metadata.name}: ${resources.join(', ')}`
      const wrong: string[] = []
      if ([...apiGroups, ...resources, ...verbs].includes('*')) wrong.push(`${where}: a wildcard`)
      if (resources.some(resource => /\/proxy$|\/exec$|^\*|impersonat/.test(resource)))
        wrong.push(`${where}: a way around all other rights`)
      if (verbs.some(verb => /^(deletecollection|bind|escalate|impersonate)$/.test(verb)))
        wrong.push(`${where}: ${verbs.join(', ')}`)
      const ours = /^(services|endpointslices)$/
      if (verbs.includes('delete') && !resources.every(resource => ours.test(resource)))
        wrong.push(`${where}: delete`)
      const guarded =
        /^(secrets|configmaps|leases|(mutat|validat)ingwebhookconfigurations|.*roles.*)$/
      if (resources.some(resource => guarded.test(resource)) && resourceNames === undefined) {
        if (verbs.some(verb => writes.test(verb) || /^(get|list|watch)$/.test(verb)))
          wrong.push(`${where}: any of them`)
        if (kind === 'ClusterRole' && verbs.includes('create')) wrong.push(`${where}: everywhere`)
      }
      return wrong
    }),
  )
}
