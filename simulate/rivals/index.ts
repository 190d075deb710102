import type { Front } from '../path/front.ts'
import type { Gate } from '../path/gate.ts'
import type { Random } from '../random.ts'
import { Activator } from './fronts/activator.ts'
import { Interceptor } from './fronts/interceptor.ts'
import { Proxied } from './fronts/proxied.ts'
import { queueProxy } from './fronts/queue-proxy.ts'
import { server } from './fronts/server.ts'
import { Service, type Choice } from './fronts/service.ts'
import { Hpa } from './scalers/hpa.ts'
import { ConcurrencyMetric, CpuMetric } from './scalers/hpa-metrics.ts'
import { Keda } from './scalers/keda.ts'
import { Kpa } from './scalers/kpa.ts'
import type { Bounds, Scaler } from './scalers/scaler.ts'
import { Static } from './scalers/static.ts'

export interface PolicyOptions extends Bounds {
  /** Requests that one replica works on at once: `containerConcurrency`, or workers. */
  limit: number
  /** In the policy's own unit; what it ships with where left out. */
  target?: number
  /** How a Service chooses a pod, where nothing else stands in front. */
  service: Choice
  random: Random
}

/** One endpoint under another project's control. */
export interface Policy {
  scaler: Scaler
  front: Front
  /** For each pod its own. */
  gate(): Gate
}

export const policies = {
  /** HPA on CPU; target: % of the CPU request (80, what an HPA without metrics gets). A Service, plain servers. */
  'hpa-cpu': ({ limit, min, max, target = 80, service, random }) => ({
    scaler: new Hpa({ min, max, metric: new CpuMetric(target) }),
    front: new Service(service, random),
    gate: () => server(limit),
  }),
  /** HPA on requests in a pod; target: their mean (80 % of the limit: Kubernetes ships none). */
  'hpa-concurrency': ({ limit, min, max, target = 0.8 * limit, service, random }) => ({
    scaler: new Hpa({ min, max, metric: new ConcurrencyMetric(target) }),
    front: new Service(service, random),
    gate: () => server(limit),
  }),
  /** Knative; target: % of containerConcurrency (70). Activator and queue-proxies; Istio's ingress while it is out of the way. */
  kpa: options => knative(options, 0),
  /** The same with scale-down-delay 300 s: by default it has none. */
  'kpa-300': options => knative(options, 300_000),
  /** KEDA's HTTP add-on; target: requests in flight a replica (100). Its interceptor, plain servers. */
  keda: ({ limit, min, max, target = 100, service, random }) => ({
    scaler: new Keda({ min, max, target }),
    front: new Interceptor(random, service),
    gate: () => server(limit),
  }),
  /** A fixed count; target: the count (min). */
  static: ({ limit, min, target = min, service, random }) => ({
    scaler: new Static(target),
    front: new Service(service, random),
    gate: () => server(limit),
  }),
} satisfies Record<string, (options: PolicyOptions) => Policy>

export type PolicyName = keyof typeof policies

function knative(
  { limit, min, max, target = 70, random }: PolicyOptions,
  scaleDownDelayMs: number,
): Policy {
  const proxied = new Proxied()
  const containerConcurrency = limit
  const terms = { scaleDownDelayMs }
  return {
    scaler: new Kpa({
      min,
      max,
      target,
      containerConcurrency,
      terms,
      proxied,
      random: random.fork(),
    }),
    front: new Activator({ containerConcurrency, direct: 'two', proxied, random: random.fork() }),
    gate: () => queueProxy(containerConcurrency),
  }
}
