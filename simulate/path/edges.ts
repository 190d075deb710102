import type { Action, Terms } from '../../edge/dispatch/action.ts'
import { Dispatch } from '../../edge/dispatch/dispatch.ts'
import { Tally, type Second } from '../../edge/dispatch/tally.ts'
import type { Random } from '../random.ts'
import { NOWHERE, type Front, type FrontPod, type Routed } from './front.ts'
import type { Request } from './request.ts'

/** How often an edge looks at what it holds, us (edge/desk.ts). */
const TICK_US = 5000

/** What edges are told of the endpoint besides its replicas. */
export type EdgeTerms = Omit<Terms, 'replicas'> & { objectiveUs: number | null }

/** Our own edges: the production dispatcher, several of which may share the replicas. */
export class Edges implements Front {
  private readonly edges: Edge[]
  private readonly random: Random
  private known = new Map<string, FrontPod>()
  private readonly holders = new Map<number, Edge>()
  private terms: EdgeTerms

  constructor(count: number, terms: EdgeTerms, random: Random) {
    this.edges = Array.from({ length: count }, () => new Edge(random.fork()))
    this.random = random
    this.terms = terms
  }

  get count(): number {
    return this.edges.length
  }

  get waiting(): number {
    return this.edges.reduce((sum, edge) => sum + edge.dispatch.heldCount, 0)
  }

  /** Whether an edge has asked for a first replica since the last call. */
  asked(): boolean {
    const asked = this.edges.some(edge => edge.asking)
    for (const edge of this.edges) edge.asking = false
    return asked
  }

  arrive(request: Request, nowUs: number): Routed {
    const edge = this.edges[this.random.below(this.edges.length)] as Edge
    this.holders.set(request.id, edge)
    edge.requests.set(request.id, request)
    edge.tally.offered()
    return this.routed(edge, edge.dispatch.arrive(request.id, Infinity, nowUs), nowUs)
  }

  refused(request: Request, nowUs: number): Routed {
    const edge = this.holders.get(request.id)
    if (edge === undefined) return NOWHERE
    const slots = this.known.get(request.pod ?? '')?.slots?.() ?? null
    return this.routed(edge, edge.dispatch.refused(request.id, slots, false, nowUs), nowUs)
  }

  /** Nothing answered there: it may go to another. */
  unsent(request: Request, nowUs: number): Routed {
    const edge = this.holders.get(request.id)
    if (edge === undefined) return NOWHERE
    return this.routed(edge, edge.dispatch.unsent(request.id, nowUs), nowUs)
  }

  ended(request: Request, ok: boolean, nowUs: number): Routed {
    const edge = this.holders.get(request.id)
    if (edge === undefined) return NOWHERE
    const { tally, dispatch } = edge
    const startedUs = request.startedUs ?? nowUs
    const serviceUs = nowUs - startedUs
    // Its answer tells the slots as they were while it still held one.
    const slots = this.known.get(request.pod ?? '')?.slots?.() ?? null
    const told = slots === null ? null : { ...slots, inFlight: slots.inFlight + 1 }
    tally.admitted(startedUs - request.arrivedUs)
    tally.completed(ok ? 'ok' : 'server', ok ? serviceUs : null, this.terms.objectiveUs)
    const first = this.routed(edge, dispatch.answered(request.id, told, nowUs), nowUs)
    this.forget(edge, request.id)
    const good = ok ? 'good' : 'bad'
    const rest = dispatch.done(request.id, good, ok ? serviceUs : null, nowUs)
    return joined(first, this.routed(edge, rest, nowUs))
  }

  left(request: Request, nowUs: number): Routed {
    const edge = this.holders.get(request.id)
    if (edge === undefined) return NOWHERE
    this.forget(edge, request.id)
    edge.tally.abandoned()
    return this.routed(edge, edge.dispatch.leave(request.id, nowUs), nowUs)
  }

  pods(pods: readonly FrontPod[], nowUs: number): Routed {
    this.known = new Map(pods.map(pod => [pod.name, pod]))
    return this.tell(nowUs)
  }

  /** New terms of the endpoint; the replicas stay. */
  told(terms: EdgeTerms, nowUs: number): Routed {
    this.terms = terms
    return this.tell(nowUs)
  }

  nextUs(): number {
    let soonest = Infinity
    for (const edge of this.edges) soonest = Math.min(soonest, edge.tickUs)
    return soonest
  }

  wake(nowUs: number): Routed {
    let routed = NOWHERE
    for (const edge of this.edges) {
      if (edge.tickUs > nowUs) continue
      edge.tickUs = Infinity
      routed = joined(routed, this.routed(edge, edge.dispatch.tick(nowUs), nowUs))
    }
    return routed
  }

  /** Ends a second of one edge: what it counted. */
  second(at: number, nowUs: number): { second: Second; routed: Routed } {
    const edge = this.edges[at] as Edge
    const routed = this.routed(edge, edge.dispatch.tick(nowUs), nowUs)
    return { second: edge.tally.take(nowUs), routed }
  }

  private tell(nowUs: number): Routed {
    const replicas = [...this.known.values()].map(({ name, ready }) => ({ replica: name, ready }))
    let routed = NOWHERE
    for (const edge of this.edges) {
      const actions = edge.dispatch.table({ ...this.terms, replicas }, nowUs)
      routed = joined(routed, this.routed(edge, actions, nowUs))
    }
    return routed
  }

  private forget(edge: Edge, id: number): void {
    this.holders.delete(id)
    edge.requests.delete(id)
  }

  private routed(edge: Edge, actions: readonly Action[], nowUs: number): Routed {
    const { dispatch, tally } = edge
    tally.levels(dispatch.heldCount, dispatch.inFlight, nowUs)
    if (dispatch.heldCount === 0) edge.tickUs = Infinity
    else if (edge.tickUs === Infinity) edge.tickUs = nowUs + TICK_US
    if (actions.length === 0) return NOWHERE
    const send: { request: Request; pod: string }[] = []
    const refuse: Request[] = []
    const fail: Request[] = []
    for (const action of actions) {
      if (action.kind === 'activate') {
        edge.asking = true
        continue
      }
      const request = edge.requests.get(action.id)
      if (request === undefined) continue
      if (action.kind === 'send') {
        tally.attempt()
        send.push({ request, pod: action.replica })
        continue
      }
      this.forget(edge, action.id)
      if (action.kind === 'reject') {
        tally.rejected(action.reason)
        refuse.push(request)
      } else {
        tally.completed('server', null, this.terms.objectiveUs)
        fail.push(request)
      }
    }
    return { send, refuse, fail }
  }
}

class Edge {
  readonly dispatch: Dispatch
  readonly tally = new Tally(0)
  readonly requests = new Map<number, Request>()
  tickUs = Infinity
  asking = false

  constructor(random: Random) {
    this.dispatch = new Dispatch(() => random.uniform())
  }
}

function joined(a: Routed, b: Routed): Routed {
  if (a === NOWHERE) return b
  if (b === NOWHERE) return a
  return {
    send: [...a.send, ...b.send],
    refuse: [...a.refuse, ...b.refuse],
    fail: [...(a.fail ?? []), ...(b.fail ?? [])],
  }
}
