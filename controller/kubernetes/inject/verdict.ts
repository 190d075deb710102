import { endpointName } from '../../../core/model/names.ts'
import { check, sentence, show } from '../../../core/model/schema.ts'
import type { Injecting } from './context.ts'
import type { Facts } from './facts.ts'
import { portUses } from './handlers.ts'
import { excluding, ISTIO_EXCLUDED, isForeign, istioRulesSet } from './meshes.ts'
import { portNames, SIDECAR } from './names.ts'
import type { Container, Pod } from './pod.ts'
import { labelOf, modelPort, namesOf, type ModelPort } from './ports.ts'
import { targetsOf } from './services.ts'
import { reason, type Reason } from './words.ts'

/** What will be done, when nothing speaks against it. */
export interface Plan {
  facts: Facts
  endpoint: string
  container: Container
  port: ModelPort
  /** What the sidecar's port is called in mode rename: the model's own name where it has one. */
  servedAs: string
}

/** Everything that speaks against injecting, all at once; else the plan. */
export function judge(facts: Facts, context: Injecting): Plan | Reason[] {
  const { pod, asked } = facts
  const endpoint = endpointOf(facts, context)
  const against = [
    ...(typeof endpoint === 'string' ? [] : [endpoint]),
    ...place(facts, context),
    ...asked.issues.map(issue => reason('bad-annotation', { issue: sentence(issue) })),
    ...taken(facts),
    ...guarded(facts),
  ]
  // A port or container that was named wrongly has no second problem of being missing.
  const port = asked.issues.length === 0 ? modelPort(pod, asked) : null
  if (port !== null && 'code' in port) return [...against, port]
  const container = port === null ? undefined : pod.spec.containers[port.container]
  if (port === null || container === undefined) return against
  against.push(
    ...speech(facts, port, container, context),
    ...sharedName(facts, port),
    ...askingItself(facts, port, container),
  )
  if (against.length > 0 || typeof endpoint !== 'string') return against
  return { facts, endpoint, container, port, servedAs: port.name ?? freeName(pod, asked.protocol) }
}

function endpointOf({ owner }: Facts, { namespace }: Injecting): string | Reason {
  if (owner.kind !== 'deployment')
    return reason(owner.kind === 'job' ? 'job' : 'no-deployment', { owner: owner.words })
  const endpoint = `${namespace}/${owner.name}`
  if (check(endpointName, endpoint).ok) return endpoint
  return reason('endpoint-name', { expected: endpointName.expected, got: show(endpoint) })
}

/** Where the pod runs. */
function place({ pod, asked: { mode } }: Facts, context: Injecting): Reason[] {
  const { spec } = pod
  const found: Reason[] = []
  const { namespace, minor } = context
  if (context.excluded.includes(namespace)) found.push(reason('excluded-namespace', { namespace }))
  if (spec.hostNetwork === true) found.push(reason('host-network'))
  const systems = [spec.os?.name, spec.nodeSelector?.['kubernetes.io/os']]
  if (systems.includes('windows')) found.push(reason('windows'))
  const needed = mode === 'rename' ? 33 : 29
  if (minor !== undefined && minor < needed)
    found.push(reason('too-old', { mode, needed, got: minor }))
  return found
}

/** Istio's init container has its rules as arguments, made before we were asked. */
function guarded({ pod, ports, mesh }: Facts): Reason[] {
  const moved = [ports.admin, ports.metrics]
  const before = pod.metadata?.annotations?.[ISTIO_EXCLUDED]
  if (mesh !== 'istio' || !istioRulesSet(pod) || excluding(before, moved) === null) return []
  return [reason('mesh-rules', { ports: moved.join(' and ') })]
}

/** Names and ports that the sidecar needs and others have. */
function taken({ pod: { spec }, ports }: Facts): Reason[] {
  const found: Reason[] = []
  const own = [...spec.containers, ...(spec.initContainers ?? [])].filter(
    ({ name }) => !isForeign(name),
  )
  const name = (what: string, text: string = SIDECAR): void =>
    void found.push(reason('name-taken', { name: text, what }))
  if (own.some(each => each.name === SIDECAR)) name('container')
  if ((spec.volumes ?? []).some(volume => volume.name === SIDECAR)) name('volume')
  const names: readonly string[] = Object.values(portNames)
  const numbers: readonly number[] = Object.values(ports)
  for (const container of own) {
    for (const port of container.ports ?? []) {
      if (names.includes(port.name ?? '')) name('port', port.name ?? '')
      if (numbers.includes(port.containerPort) && (port.protocol ?? 'TCP') === 'TCP')
        found.push(reason('port-taken', { container: container.name, port: port.containerPort }))
    }
  }
  return found
}

/** A port that an annotation names alone: the sidecar would stand before itself. */
function askingItself(
  { ports }: Facts,
  { index, number }: ModelPort,
  { name }: Container,
): Reason[] {
  const own: readonly number[] = Object.values(ports)
  const taken = index === null && own.includes(number)
  return taken ? [reason('port-taken', { container: name, port: number })] : []
}

/** What the port speaks, where something says that it is TLS. The sidecar tells HTTP/1.1 and HTTP/2 apart by itself. */
function speech(
  { pod, asked }: Facts,
  port: ModelPort,
  container: Container,
  { services = [] }: Injecting,
): Reason[] {
  if (asked.protocol === 'http' || asked.protocol === 'grpc') return []
  const name = port.name ?? ''
  const uses = portUses(container).filter(({ number }) => number === port.number)
  const service = targetsOf(services, pod, port).find(({ appProtocol }) => appProtocol !== null)
  const word = service?.appProtocol?.toLowerCase() ?? ''
  const tls = first([
    [asked.protocol === 'https', 'annotation'],
    [/^(https|tls)(-|$)/.test(name), 'its name'],
    [uses.some(use => use.tls), 'its probe'],
    [/^(https|tls|kubernetes\.io\/wss)$/.test(word), `appProtocol of Service ${service?.name}`],
  ])
  return tls === null ? [] : [reason('tls-port', { port: labelOf(port), why: tls })]
}

function first(tests: readonly (readonly [boolean, string])[]): string | null {
  return tests.find(([so]) => so)?.[1] ?? null
}

/** Services look for a named port in the containers first, so no other may keep the name that moves. */
function sharedName({ pod, asked }: Facts, { name, container }: ModelPort): Reason[] {
  if (asked.mode !== 'rename' || name === null) return []
  const { containers, initContainers } = pod.spec
  const others = [...containers.filter((_, at) => at !== container), ...(initContainers ?? [])]
  const sharing = others.filter(({ ports }) => (ports ?? []).some(port => port.name === name))
  const own = containers[container]
  if (sharing.length === 0 || own === undefined) return []
  return [reason('shared-port-name', { port: name, containers: namesOf([own, ...sharing]) })]
}

/** For a port without a name: what it speaks, or where that is another port's, the sidecar's own. */
function freeName({ spec }: Pod, protocol: string | null): string {
  const all = [...spec.containers, ...(spec.initContainers ?? [])]
  const names = new Set(all.flatMap(({ ports }) => (ports ?? []).map(port => port.name)))
  const spoken = protocol === 'grpc' ? 'grpc' : 'http'
  return [spoken, SIDECAR].find(name => !names.has(name)) ?? portNames.model
}
