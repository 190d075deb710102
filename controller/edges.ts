import type { Platform, ReplicaTable } from '../core/model/tables.ts'
import type { Keyring } from './keyring.ts'

/** What an endpoint's edge needs to know besides its replicas. */
export interface EdgeFacts {
  limit: number
  queueUs: number
  /** us a request may be held while there is no ready replica, or may be more soon. */
  holdUs: number
  /** There may be more replicas soon. */
  growing: boolean
  objectiveUs: number | null
  maxReplicas: number
}

type Endpoints = ReplicaTable['endpoints']

/** Makes the replica table for edges. Its version grows with each change, over restarts too. */
export class Tables {
  private readonly keyring: Pick<Keyring, 'pass' | 'keep'>
  private readonly facts: (endpoint: string) => EdgeFacts
  private version: number
  private last = ''
  private seen: Platform | null = null

  constructor(
    keyring: Pick<Keyring, 'pass' | 'keep'>,
    facts: (endpoint: string) => EdgeFacts,
    now: number,
  ) {
    this.keyring = keyring
    this.facts = facts
    this.version = now
  }

  /** As edge `edge` gets it; an edge that does not say its name is the first one. Null before the platform is known. */
  table(platform: Platform | null, edge: string | null): ReplicaTable | null {
    if (platform === null) return null
    const name = edge ?? platform.edges[0]?.edge ?? 'edge'
    this.sweep(platform, name)
    // One without an edge port has no edge.
    const rows = platform.endpoints.filter(({ port }) => port > 0).map(row => this.row(row))
    const text = JSON.stringify(rows)
    if (text !== this.last) this.version++
    this.last = text
    const endpoints = rows.map(row => ({ ...row, pass: this.keyring.pass(name, row.endpoint) }))
    return { v: 1, version: this.version, endpoints }
  }

  private sweep(platform: Platform, edge: string): void {
    if (platform === this.seen) return
    this.seen = platform
    this.keyring.keep(
      new Set([edge, ...platform.edges.map(row => row.edge)]),
      new Set(platform.endpoints.map(({ endpoint }) => endpoint)),
    )
  }

  private row({
    endpoint,
    revision,
    port,
    replicas,
  }: Platform['endpoints'][number]): Omit<Endpoints[number], 'pass'> {
    return {
      endpoint,
      port,
      revision,
      ...this.facts(endpoint),
      replicas: replicas
        .filter(({ state }) => state !== 'failed')
        .flatMap(({ replica, address, state, revision: own }) =>
          address === null ? [] : [{ replica, address, ready: state === 'ready', revision: own }],
        ),
    }
  }
}
