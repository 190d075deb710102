import { isMapping } from '../../../core/model/schema.ts'
import type { EventReason } from '../event-reasons.ts'
import type { WebhookFigures } from './figures.ts'
import { ownerOf } from './owner.ts'
import type { Admitted, AdmissionRequest } from './review.ts'
import type { Teller } from './tell.ts'

/** What the injector makes of a pod (controller/kubernetes/inject). */
export interface Verdict {
  verdict: 'injected' | 'skipped' | 'already'
  reasons: readonly { code: string; sentence: string }[]
  patch: readonly unknown[]
  warnings: readonly string[]
}

export interface InjectDesk {
  decide(pod: unknown, namespace: string): Verdict
  teller: Pick<Teller, 'tell'>
  figures: WebhookFigures
}

/** POST /inject: pods that are made get their sidecar, or a reason why not. Nobody is refused. */
export function injectAdmission(request: AdmissionRequest, desk: InjectDesk): Admitted {
  const pod = podOf(request)
  if (pod === null) {
    desk.figures.count('other')
    return {}
  }
  const namespace = namespaceOf(request, pod)
  const { verdict, reasons, patch, warnings } = desk.decide(pod, namespace)
  const codes = reasons.map(({ code }) => code)
  if (verdict === 'skipped') desk.figures.skipped(codes)
  else desk.figures.count(verdict)
  const told = tellingOf(verdict, reasons)
  if (request.dryRun !== true && told !== null) {
    desk.teller.tell(ownerOf(pod, namespace), told.type, told.reason, told.note)
  }
  return { patch, warnings, audit: { verdict: [verdict, ...codes].join(' ').slice(0, 1000) } }
}

function namespaceOf(
  { namespace = '' }: AdmissionRequest,
  { metadata }: Record<string, unknown>,
): string {
  if (namespace !== '' || !isMapping(metadata)) return namespace
  return typeof metadata.namespace === 'string' ? metadata.namespace : ''
}

function podOf({
  operation,
  resource,
  subResource,
  object,
}: AdmissionRequest): Record<string, unknown> | null {
  const made = operation === 'CREATE' && (subResource ?? '') === ''
  const isPod = resource.group === '' && resource.resource === 'pods'
  return made && isPod && object != null ? object : null
}

function tellingOf(
  verdict: Verdict['verdict'],
  reasons: Verdict['reasons'],
): { type: 'Normal' | 'Warning'; reason: EventReason; note: string } | null {
  // It was told when it was injected; and of one that did not ask nobody waits to hear.
  if (verdict === 'already' || reasons.some(({ code }) => code === 'not-asked')) return null
  const sentences = reasons.map(({ sentence }) => sentence).join(' ')
  if (verdict === 'skipped')
    return { type: 'Warning', reason: 'OutriggerSkipped', note: `Not injected: ${sentences}` }
  return { type: 'Normal', reason: 'OutriggerInjected', note: sentences || 'Injected the sidecar.' }
}
