import { NOWHERE, type Front, type FrontPod, type Routed } from '../../path/front.ts'
import type { Request } from '../../path/request.ts'
import type { Random } from '../../random.ts'

export type Choice = 'random' | 'two'

/** Istio's default (networking.istio.io, HTTPRetry): two retries after a refused connection, on hosts not tried yet. */
const RETRIES = { random: 0, two: 2 }

/**
 * A plain Kubernetes Service: any ready endpoint by chance, as kube-proxy's iptables rules choose
 * (Kubernetes 1.36, pkg/proxy/iptables/proxier.go: --mode random). 'two': the emptier of two chosen by
 * chance, as Envoy's least-request balancer does (Istio's default); it counts the requests of all clients, as
 * one gateway does. The choice is made for every request, though kube-proxy makes it for every connection:
 * kinder to whoever uses it. It holds nothing: without a ready endpoint the connection is refused.
 */
export class Service implements Front {
  readonly waiting = 0
  private readonly choice: Choice
  private readonly random: Random
  private readonly retries: number
  private ready: FrontPod[] = []
  /** Pods that refused the connection, by request. */
  private readonly refusedBy = new Map<number, string[]>()

  constructor(choice: Choice, random: Random, retries = RETRIES[choice]) {
    this.choice = choice
    this.random = random
    this.retries = retries
  }

  arrive(request: Request, _nowUs: number): Routed {
    const pod = this.pick(this.ready)
    if (pod === undefined) return { send: [], refuse: [request] }
    return { send: [{ request, pod: pod.name }], refuse: [] }
  }

  unsent(request: Request, _nowUs: number): Routed {
    const { id, pod: last } = request
    const tried = [...(this.refusedBy.get(id) ?? []), ...(last === null ? [] : [last])]
    const others = this.ready.filter(({ name }) => !tried.includes(name))
    const pod = tried.length > this.retries ? undefined : this.pick(others)
    if (pod === undefined) {
      this.refusedBy.delete(id)
      return { send: [], refuse: [], fail: [request] }
    }
    this.refusedBy.set(id, tried)
    return { send: [{ request, pod: pod.name }], refuse: [] }
  }

  refused(request: Request, _nowUs: number): Routed {
    return { send: [], refuse: [request] }
  }

  ended(request: Request, _ok: boolean, _nowUs: number): Routed {
    this.refusedBy.delete(request.id)
    return NOWHERE
  }

  left(request: Request, _nowUs: number): Routed {
    this.refusedBy.delete(request.id)
    return NOWHERE
  }

  pods(pods: readonly FrontPod[], _nowUs: number): Routed {
    this.ready = pods.filter(({ ready }) => ready)
    return NOWHERE
  }

  nextUs(): number {
    return Infinity
  }

  wake(_nowUs: number): Routed {
    return NOWHERE
  }

  private pick(ready: readonly FrontPod[]): FrontPod | undefined {
    const { random } = this
    if (this.choice === 'random' || ready.length < 2) return ready[random.below(ready.length)]
    const [one, other] = two(ready, random)
    return other.present() < one.present() ? other : one
  }
}

/** Two different ones by chance, of two or more. */
export function two<T>(from: readonly T[], random: Random): [T, T] {
  const first = random.below(from.length)
  const second = random.below(from.length - 1)
  return [from[first] as T, from[second >= first ? second + 1 : second] as T]
}
