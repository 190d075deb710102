import { NOWHERE, type Front, type FrontPod, type Routed } from '../../path/front.ts'
import type { Request } from '../../path/request.ts'
import type { Random } from '../../random.ts'

/**
 * A plain Kubernetes Service: any ready endpoint by chance, as kube-proxy's iptables rules choose
 * (Kubernetes 1.36, pkg/proxy/iptables/proxier.go: --mode random). 'two': the emptier of two chosen by
 * chance, as Envoy's least-request balancer does (Istio's default). The choice is made for every request,
 * though kube-proxy makes it for every connection: kinder to whoever uses it.
 * It holds nothing: without a ready endpoint the connection is refused.
 */
export class Service implements Front {
  readonly waiting = 0
  private readonly choice: 'random' | 'two'
  private readonly random: Random
  private ready: FrontPod[] = []

  constructor(choice: 'random' | 'two', random: Random) {
    this.choice = choice
    this.random = random
  }

  arrive(request: Request, _nowUs: number): Routed {
    const pod = this.pick()
    if (pod === undefined) return { send: [], refuse: [request] }
    return { send: [{ request, pod: pod.name }], refuse: [] }
  }

  refused(request: Request, _nowUs: number): Routed {
    return { send: [], refuse: [request] }
  }

  ended(_request: Request, _ok: boolean, _nowUs: number): Routed {
    return NOWHERE
  }

  left(_request: Request, _nowUs: number): Routed {
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

  private pick(): FrontPod | undefined {
    const { ready, random } = this
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
