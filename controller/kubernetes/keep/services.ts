import type { Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import { NAMES } from '../watch/names.ts'
import type { Deployment, Pod } from '../watch/objects.ts'
import type { EventReason } from '../event-reasons.ts'
import { Budget } from './budget.ts'
import { rewriteOf, type PodWithPorts } from './rewrite.ts'
import { selects, type Service, type ServiceFinding } from './service.ts'

/** A Service that something else puts back is left to it. */
const MOST_REWRITES = 3
const WITHIN_MS = 3_600_000

/** Lets Services lead to a port's name where their Deployment asks for it. */
export class Rewriter {
  private readonly kube: Kube
  private readonly log: Log
  private readonly utc: () => number
  private readonly budget = new Budget(MOST_REWRITES, WITHIN_MS)
  private count = 0

  constructor({ kube, log, utc }: { kube: Kube; log: Log; utc(): number }) {
    this.kube = kube
    this.log = log
    this.utc = utc
  }

  get rewritten(): number {
    return this.count
  }

  /** Null when it was done, else why not. */
  async rewrite(finding: ServiceFinding): Promise<string | null> {
    const [namespace = '', name = ''] = finding.service.split('/')
    const path = `/api/v1/namespaces/${namespace}/services/${name}`
    const service = await this.kube.get<Service>(path)
    const labelSelector = equalities(service.spec?.selector ?? {})
    const listed = await this.kube.list<PodWithPorts>(`/api/v1/namespaces/${namespace}/pods`, {
      labelSelector,
    })
    const rewrite = rewriteOf(finding, service, listed.items)
    if ('wait' in rewrite) return rewrite.wait
    if (!this.budget.take(finding.service, this.utc()))
      return `something puts it back: it was rewritten ${MOST_REWRITES} times within an hour`
    try {
      await this.kube.patch(path, rewrite.patch, 'json')
    } catch (error) {
      if ([404, 409, 422].includes(statusOf(error) ?? 0)) return 'it has changed meanwhile'
      throw error
    }
    this.count++
    const { service: own, endpoint, number, name: to } = finding
    this.log('info', 'a Service leads to a name now', { service: own, endpoint, number, to })
    return null
  }
}

/** By what an injected pod says of itself: cheap, and only then is the API server asked for more. */
export function mayBypass(
  deployment: Deployment,
  pods: readonly Pod[],
  services: readonly Service[],
): boolean {
  const [pod] = pods
  const { labels = {}, annotations = {} } = pod?.metadata ?? {}
  if (pod === undefined || annotations[NAMES.mode] === 'loopback') return false
  const port = Number(annotations[NAMES.appPort])
  return services.some(
    service =>
      service.metadata.namespace === deployment.metadata.namespace &&
      selects(service, labels) &&
      (service.spec?.clusterIP === 'None' ||
        (service.spec?.ports ?? []).some(({ targetPort }) => Number(targetPort) === port)),
  )
}

/** What people are told on the Deployment; `waits`: why it was not changed although that was asked for. */
export function telling(
  { code, sentence, fix }: ServiceFinding,
  waits: string | null,
): { reason: EventReason; note: string } {
  const why = waits === null ? '' : ` Not rewritten yet: ${waits}.`
  return { reason: reasonOf(code), note: `${sentence}${why} ${fix}` }
}

/** Of the Event. */
export function reasonOf(code: ServiceFinding['code']): EventReason {
  return code === 'headless' ? 'HeadlessService' : 'NumericTargetPort'
}

/** A label selector of the API. */
export function equalities(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}
