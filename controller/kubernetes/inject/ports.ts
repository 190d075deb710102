import type { Asked } from './annotations.ts'
import { isForeign } from './meshes.ts'
import type { Container, Pod } from './pod.ts'
import { reason, type Reason } from './words.ts'

/** A container port, where it is declared. */
interface Declared {
  /** Index of the container. */
  container: number
  /** Index of the port in it; null: nobody declared it, an annotation named its number. */
  index: number | null
  name: string | null
  number: number
  protocol: string
  hostPort: number | null
}

export type ModelPort = Declared

/** The port that the model is asked on: the one that is named, else the only one, else the one called http or grpc. */
export function modelPort(pod: Pod, asked: Asked): ModelPort | Reason {
  const among = candidates(pod, asked)
  if (!Array.isArray(among)) return among
  const declared = among.flatMap(at => declaredIn(pod, at))
  const found = asked.port === null ? onlyOne(declared) : named(pod, asked.port, among, declared)
  if ('code' in found || found.protocol === 'TCP') return found
  return reason('udp-port', { port: labelOf(found), protocol: found.protocol })
}

/** Indexes of the containers that may be the model. */
function candidates({ spec }: Pod, { container }: Asked): number[] | Reason {
  const all = [...spec.containers.keys()].filter(at => !isForeign(spec.containers[at]?.name ?? ''))
  if (container === null) return all
  const found = all.filter(at => spec.containers[at]?.name === container)
  if (found.length > 0) return found
  const containers = namesOf(spec.containers)
  return reason('unknown-container', { container, containers })
}

function declaredIn({ spec }: Pod, container: number): Declared[] {
  return (spec.containers[container]?.ports ?? []).map((port, index) => ({
    container,
    index,
    name: port.name ?? null,
    number: port.containerPort,
    protocol: port.protocol ?? 'TCP',
    hostPort: port.hostPort ?? null,
  }))
}

function onlyOne(declared: readonly Declared[]): Declared | Reason {
  const tcp = declared.filter(({ protocol }) => protocol === 'TCP')
  const among = tcp.length > 0 ? tcp : declared
  const called = ['http', 'http1', 'grpc'].map(name => among.filter(each => each.name === name))
  const [found, ...others] =
    among.length === 1 ? among : (called.find(some => some.length > 0) ?? [])
  if (found !== undefined && others.length === 0) return found
  if (declared.length === 0) return reason('no-port')
  return reason('several-ports', { ports: among.map(labelOf).join(', ') })
}

function named(
  { spec }: Pod,
  port: string,
  among: readonly number[],
  declared: readonly Declared[],
): Declared | Reason {
  const number = /^\d+$/.test(port) ? Number(port) : null
  const fits = declared.filter(each =>
    number === null ? each.name === port : each.number === number,
  )
  // The same number may be declared for UDP as well.
  const found = fits.find(({ protocol }) => protocol === 'TCP') ?? fits[0]
  if (found !== undefined) return found
  if (number === null) {
    const names = declared.flatMap(({ name }) => name ?? [])
    return reason('unknown-port', {
      port,
      ports: names.join(', ') || 'none',
    })
  }
  const [container, ...others] = among
  if (container === undefined) return reason('no-port')
  if (others.length === 0)
    return { container, index: null, name: null, number, protocol: 'TCP', hostPort: null }
  const containers = namesOf(among.flatMap(at => spec.containers[at] ?? []))
  return reason('several-containers', { port, containers })
}

export function labelOf({ name, number }: { name: string | null; number: number }): string {
  return name === null ? String(number) : `${name} (${number})`
}

export function namesOf(containers: readonly Container[]): string {
  return containers.map(({ name }) => name).join(', ')
}

/** The number that a probe or hook means: a name is looked up in its own container alone. */
export function numberOf(reference: number | string, container: Container): number | null {
  if (typeof reference === 'number') return reference
  const found = (container.ports ?? []).find(({ name }) => name === reference)
  if (found !== undefined) return found.containerPort
  return /^\d{1,5}$/.test(reference) ? Number(reference) : null
}
