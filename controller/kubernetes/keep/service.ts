import { check } from '../../../core/model/schema.ts'
import { readAnnotations } from '../inject/annotations.ts'
import { podSchema } from '../inject/pod.ts'
import { modelPort } from '../inject/ports.ts'
import { annotationsOf } from '../watch/annotations.ts'
import { nameOf, type Deployment, type Meta } from '../watch/objects.ts'
import { wantsInjection } from '../watch/table.ts'

/** What is read of a Service. */
export interface Service {
  metadata: Pick<Meta, 'name' | 'namespace' | 'resourceVersion'>
  spec?: {
    type?: string
    clusterIP?: string
    selector?: Record<string, string>
    ports?: {
      name?: string
      port: number
      targetPort?: number | string
      protocol?: string
      appProtocol?: string
    }[]
  }
}

/** A Service whose requests reach the model past its sidecar, in mode rename. */
export interface ServiceFinding {
  code: 'numeric-target-port' | 'headless'
  /** namespace/name of each. */
  service: string
  endpoint: string
  /** Which port of the Service; its targetPort; the name that leads to the sidecar, where there is one. */
  at: number
  number: number
  name: string | null
  /** The Deployment asks us to change it. */
  rewrite: boolean
  sentence: string
  fix: string
}

/**
 * Of Services and Deployments as the API has them. A targetPort that is a number leads to the port of the
 * model itself, where a name leads to whichever container has it: the sidecar, once it is there.
 */
export function findings(
  services: readonly Service[],
  deployments: readonly Deployment[],
): ServiceFinding[] {
  return deployments.flatMap(deployment => {
    const port = renamedPort(deployment)
    if (port === null) return []
    const { namespace } = deployment.metadata
    const labels = deployment.spec.template.metadata?.labels ?? {}
    return services
      .filter(({ metadata }) => metadata.namespace === namespace)
      .filter(service => selects(service, labels))
      .flatMap(service => findingsOf(service, deployment, port))
  })
}

function findingsOf(
  service: Service,
  deployment: Deployment,
  { number, name }: { number: number; name: string | null },
): ServiceFinding[] {
  const [own, endpoint] = [nameOf(service as { metadata: Meta }), nameOf(deployment)]
  const ports = (service.spec?.ports ?? []).map((port, at) => ({ ...port, at }))
  const tcp = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP')
  const about = { service: own, endpoint, number, name }
  const headless = service.spec?.clusterIP === 'None'
  return tcp.flatMap(({ at, port, targetPort = port }): ServiceFinding[] => {
    if (targetPort !== name && numberOf(targetPort) !== number) return []
    if (headless)
      return [{ ...about, ...wordsOfHeadless(own), code: 'headless', at, rewrite: false }]
    if (targetPort === name) return []
    const rewrite = annotationsOf(deployment).service === 'rewrite'
    return [{ ...about, ...wordsOfNumeric(about), code: 'numeric-target-port', at, rewrite }]
  })
}

function wordsOfNumeric({
  service,
  endpoint,
  number,
  name,
}: Pick<ServiceFinding, 'service' | 'endpoint' | 'number' | 'name'>): {
  sentence: string
  fix: string
} {
  const sentence = `Service ${service} sends to port ${number} of ${endpoint} by its number: past the sidecar.`
  const named =
    name === null
      ? `give container port ${number} of the Deployment a name, and let the Service's targetPort be that name`
      : `let its targetPort be ${name}, or annotate the Deployment outrigger.dev/service: rewrite`
  return { sentence, fix: `${upper(named)}; or use outrigger.dev/mode: loopback.` }
}

function wordsOfHeadless(service: string): { sentence: string; fix: string } {
  return {
    sentence:
      `Service ${service} is headless: its clients connect to pods by a port number of their own, ` +
      'past the sidecar.',
    fix: 'Use outrigger.dev/mode: loopback, or a Service with a cluster IP.',
  }
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The port of the model, where the sidecar takes its name; null where nothing can be bypassed. */
function renamedPort(deployment: Deployment): { number: number; name: string | null } | null {
  if (!wantsInjection(deployment)) return null
  const { metadata, spec } = deployment.spec.template
  const pod = check(podSchema, { metadata: metadata ?? {}, spec })
  if (!pod.ok) return null
  const asked = readAnnotations(metadata?.annotations ?? {})
  if (asked.mode === 'loopback' || asked.issues.length > 0) return null
  const port = modelPort(pod.value, asked)
  return 'code' in port ? null : { number: port.number, name: port.name }
}

/** Whether it leads to pods with these labels. One without a selector, or of another name, leads nowhere. */
export function selects({ spec }: Service, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(spec?.selector ?? {})
  if (spec?.type === 'ExternalName' || wanted.length === 0) return false
  return wanted.every(([key, value]) => labels[key] === value)
}

/** A port by number; digits in quotes are a number, too. Null for a name. */
export function numberOf(port: number | string): number | null {
  if (typeof port === 'number') return port
  return /^\d{1,5}$/.test(port) ? Number(port) : null
}

/** What an informer keeps of a Service. */
export function keepService({ metadata, spec }: Service): Service {
  const { name, namespace, resourceVersion } = metadata
  const kept: Service = { metadata: { name, namespace } }
  if (resourceVersion !== undefined) kept.metadata.resourceVersion = resourceVersion
  if (spec === undefined) return kept
  const { type, clusterIP, selector, ports } = spec
  kept.spec = {
    ...(type === undefined ? {} : { type }),
    ...(clusterIP === undefined ? {} : { clusterIP }),
    ...(selector === undefined ? {} : { selector }),
    ...(ports === undefined
      ? {}
      : {
          ports: ports.map(({ port, targetPort = port, protocol = 'TCP', appProtocol }) => ({
            port,
            targetPort,
            protocol,
            ...(appProtocol === undefined ? {} : { appProtocol }),
          })),
        }),
  }
  return kept
}
