import { NOWHERE, type Front, type FrontPod, type Routed } from '../../path/front.ts'
import type { Request } from '../../path/request.ts'
import type { Random } from '../../random.ts'
import { Line } from './line.ts'
import { Service, type Choice } from './service.ts'

/**
 * The interceptor of KEDA's HTTP add-on: holds requests only while there is no ready pod, then passes all
 * on at once; the Service chooses (direct routing to pods is off by default). By default there is no end
 * to the hold (KEDA_HTTP_READINESS_TIMEOUT and KEDA_HTTP_REQUEST_TIMEOUT are 0); with one, 504.
 *
 * Source: kedacore/http-add-on at 59b2f6a (June 2026, after 0.15.0),
 * interceptor/config/{timeouts,serving}.go, interceptor/middleware/endpoint_resolver.go. It dials again where a
 * connection is refused, for a while (interceptor/config/timeouts.go): here at once, which is kinder to it.
 */
const DIALS = 5

export class Interceptor implements Front {
  private readonly service: Service
  private readonly line: Line
  private ready = false

  constructor(random: Random, choice: Choice, holdUs = Infinity) {
    this.service = new Service(choice, random, DIALS)
    this.line = new Line(holdUs)
  }

  get waiting(): number {
    return this.line.length
  }

  arrive(request: Request, nowUs: number): Routed {
    if (this.ready) return this.service.arrive(request, nowUs)
    this.line.push(request, nowUs)
    return NOWHERE
  }

  unsent(request: Request, nowUs: number): Routed {
    return this.service.unsent(request, nowUs)
  }

  refused(request: Request, nowUs: number): Routed {
    return this.service.refused(request, nowUs)
  }

  ended(request: Request, ok: boolean, nowUs: number): Routed {
    return this.service.ended(request, ok, nowUs)
  }

  left(request: Request, nowUs: number): Routed {
    this.line.remove(request)
    return this.service.left(request, nowUs)
  }

  pods(pods: readonly FrontPod[], nowUs: number): Routed {
    this.service.pods(pods, nowUs)
    this.ready = pods.some(({ ready }) => ready)
    if (!this.ready) return NOWHERE
    const send: { request: Request; pod: string }[] = []
    for (let next = this.line.shift(); next !== undefined; next = this.line.shift()) {
      send.push(...this.service.arrive(next, nowUs).send)
    }
    return { send, refuse: [] }
  }

  nextUs(): number {
    return this.line.nextUs()
  }

  wake(nowUs: number): Routed {
    return { send: [], refuse: this.line.expire(nowUs) }
  }
}
