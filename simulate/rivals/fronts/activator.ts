import { NOWHERE, type Front, type FrontPod, type Routed } from '../../path/front.ts'
import type { Request } from '../../path/request.ts'
import type { Random } from '../../random.ts'
import { Line } from './line.ts'
import type { Proxied } from './proxied.ts'
import { REQUEST_TIMEOUT_US } from './queue-proxy.ts'
import { Service, two } from './service.ts'

interface ActivatorOptions {
  /** 0 for no limit. */
  containerConcurrency: number
  /** How the ingress chooses a pod while the activator is out of the way. */
  direct: 'random' | 'two'
  proxied: Proxied
  random: Random
}

/**
 * Knative's activator, one of them (its own HPA starts with one). While it is in the way it holds what finds no room:
 * `containerConcurrency` x ready pods may be out at once, and no pod gets more than its share. The pod:
 * up to 3 in each, the first with room; above that, in turn; without a limit, the emptier of two by
 * chance. Its line has no end: the breaker's 10,000 are on top of 2^31 - 1 slots. Who waited 300 s is
 * sent away. While it is out of the way the ingress chooses; without a ready pod it is always in it.
 *
 * Source: Knative Serving at 98e5ef9 (August 2026), pkg/activator/net/{throttler,lb_policy}.go,
 * pkg/reconciler/serverlessservice/serverlessservice.go.
 */
export class Activator implements Front {
  private readonly limit: number
  private readonly proxied: Proxied
  private readonly random: Random
  private readonly direct: Service
  private readonly line = new Line(REQUEST_TIMEOUT_US)
  private ready: Tracker[] = []
  /** Where those are that it passed on. */
  private readonly out = new Map<number, Tracker>()
  private turn = 0

  constructor({ containerConcurrency, direct, proxied, random }: ActivatorOptions) {
    this.limit = containerConcurrency === 0 ? Infinity : containerConcurrency
    this.proxied = proxied
    this.random = random
    this.direct = new Service(direct, random.fork())
  }

  get waiting(): number {
    return this.line.length
  }

  arrive(request: Request, nowUs: number): Routed {
    if (!this.proxied.through && this.ready.length > 0) return this.direct.arrive(request, nowUs)
    this.line.push(request, nowUs)
    return this.pass(nowUs)
  }

  refused(request: Request, nowUs: number): Routed {
    return { send: this.back(request, nowUs).send, refuse: [request] }
  }

  ended(request: Request, _ok: boolean, nowUs: number): Routed {
    return this.back(request, nowUs)
  }

  left(request: Request, nowUs: number): Routed {
    return this.line.remove(request) ? NOWHERE : this.back(request, nowUs)
  }

  pods(pods: readonly FrontPod[], nowUs: number): Routed {
    this.direct.pods(pods, nowUs)
    const known = new Map(this.ready.map(tracker => [tracker.name, tracker]))
    this.ready = pods
      .filter(({ ready }) => ready)
      .map(({ name }) => known.get(name) ?? { name, out: 0 })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return this.pass(nowUs)
  }

  nextUs(): number {
    return this.line.nextUs()
  }

  wake(nowUs: number): Routed {
    return { send: [], refuse: this.line.expire(nowUs) }
  }

  /** Passes on as many as there is room for. */
  private pass(nowUs: number): Routed {
    const send: { request: Request; pod: string }[] = []
    while (this.line.length > 0) {
      const tracker = this.room()
      const request = tracker === null ? undefined : this.line.shift()
      if (tracker === null || request === undefined) break
      tracker.out++
      this.out.set(request.id, tracker)
      this.proxied.move(1, nowUs)
      send.push({ request, pod: tracker.name })
    }
    return send.length === 0 ? NOWHERE : { send, refuse: [] }
  }

  private back({ id }: Request, nowUs: number): Routed {
    const tracker = this.out.get(id)
    if (tracker === undefined) return NOWHERE
    this.out.delete(id)
    tracker.out--
    this.proxied.move(-1, nowUs)
    return this.pass(nowUs)
  }

  private room(): Tracker | null {
    const { ready, limit } = this
    if (ready.length === 0) return null
    if (limit === Infinity) return this.emptier()
    if (this.out.size >= limit * ready.length) return null
    if (limit <= 3) return ready.find(({ out }) => out < limit) ?? null
    if (this.turn >= ready.length) this.turn = 0
    for (let i = 0; i < ready.length; i++) {
      const at = (this.turn + i) % ready.length
      const tracker = ready[at] as Tracker
      if (tracker.out >= limit) continue
      this.turn = at + 1
      return tracker
    }
    return null
  }

  private emptier(): Tracker {
    if (this.ready.length === 1) return this.ready[0] as Tracker
    const [one, other] = two(this.ready, this.random)
    if (one.out === other.out) return this.random.below(2) === 0 ? one : other
    return one.out < other.out ? one : other
  }
}

/** A pod, and how many the activator has passed to it. */
interface Tracker {
  name: string
  out: number
}
