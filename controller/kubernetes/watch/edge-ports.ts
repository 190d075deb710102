import { NAMES } from './names.ts'
import { nameOf, timeOf, type Deployment } from './objects.ts'

/** Edge ports of endpoints. Above ours, below those that Linux gives to outgoing connections. */
const FIRST = 20_000
const LAST = 29_999

export function wantsEdge({ metadata, spec }: Deployment): boolean {
  const own =
    metadata.annotations?.[NAMES.edge] ?? spec.template.metadata?.annotations?.[NAMES.edge]
  return own === 'true'
}

/** The port that its edge listens on; 0 without an edge, or until it has a port. */
export function edgePortOf(deployment: Deployment): number {
  return wantsEdge(deployment) ? kept(deployment) : 0
}

function kept({ metadata }: Deployment): number {
  const text = metadata.annotations?.[NAMES.edgePort] ?? ''
  const port = /^\d{5}$/.test(text) ? Number(text) : 0
  return port >= FIRST && port <= LAST ? port : 0
}

/**
 * Who has a port that several say they have, by uid: whoever had it before, else the eldest. Annotations are
 * people's to write, and who takes another's port would get what its clients ask. Gives those who have none of it.
 */
export function settlePorts<D extends Deployment>(
  deployments: readonly D[],
  holders: Map<number, string>,
): D[] {
  const claims = new Map<number, D[]>()
  for (const each of deployments) {
    const port = edgePortOf(each)
    if (port > 0) claims.set(port, [...(claims.get(port) ?? []), each])
  }
  for (const port of holders.keys()) if (!claims.has(port)) holders.delete(port)
  return [...claims].flatMap(([port, all]) => {
    const held = holders.get(port)
    const owner = all.find(({ metadata }) => metadata.uid === held) ?? all.toSorted(byAge)[0]
    if (owner !== undefined) holders.set(port, owner.metadata.uid)
    return all.filter(each => each !== owner)
  })
}

/** As if it had not been written. */
export function withoutPort<D extends Deployment>(deployment: D): D {
  const annotations = { ...deployment.metadata.annotations }
  delete annotations[NAMES.edgePort]
  return { ...deployment, metadata: { ...deployment.metadata, annotations } }
}

/** The eldest first. */
function byAge(a: Deployment, b: Deployment): number {
  const age = (each: Deployment): number => timeOf(each.metadata.creationTimestamp) ?? 0
  return age(a) - age(b) || (nameOf(a) < nameOf(b) ? -1 : 1)
}

/**
 * Ports to be written: for those that want an edge and have none, and for copies of a Deployment that
 * brought its port along; the eldest keeps it. Empty when nothing is to be done.
 */
export function portsToGive(deployments: readonly Deployment[]): Map<string, number> {
  const taken = new Set<number>()
  const without: Deployment[] = []
  const eldestFirst = deployments.filter(wantsEdge).toSorted(byAge)
  for (const deployment of eldestFirst) {
    const port = kept(deployment)
    if (port === 0 || taken.has(port)) without.push(deployment)
    else taken.add(port)
  }
  const given = new Map<string, number>()
  let next = FIRST
  for (const deployment of without) {
    while (taken.has(next)) next++
    if (next > LAST) break
    taken.add(next)
    given.set(nameOf(deployment), next)
  }
  return given
}
