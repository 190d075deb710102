import {
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  trace,
  TraceFlags,
  type Attributes,
  type Link,
} from '@opentelemetry/api'
import type { DecisionBody } from '../core/model/decision.ts'
import { attributes as names, DECISION_EVENT } from '../core/model/signals.ts'
import type { Telemetry } from '../core/runtime/telemetry.ts'
import { explain, sentenceOf } from './explain.ts'
import type { Published } from './tick.ts'

/**
 * Each decision as a span with a log-based event, linked to the requests that caused it. A repeat has no
 * record of its own, so its span names no decision id.
 */
export function publishDecision(
  { tracer, logger }: Pick<Telemetry, 'tracer' | 'logger'>,
  { body, record }: Published,
): void {
  const attributes = {
    ...attributesOf(body),
    ...(record === null ? {} : { [names.decision]: record.id }),
  }
  const span = tracer.startSpan(
    `decide ${body.what}`,
    { kind: SpanKind.INTERNAL, attributes, links: linksOf(body), startTime: body.now },
    ROOT_CONTEXT,
  )
  const { inputs, proposals, bounds, outcome, reasons } = explain({ id: '', seq: 0, body })
  logger.emit({
    eventName: DECISION_EVENT,
    severityNumber: SeverityNumber.INFO,
    timestamp: body.now,
    body: sentenceOf(body),
    context: trace.setSpan(ROOT_CONTEXT, span),
    attributes: {
      ...attributes,
      'outrigger.decision.inputs': inputs,
      'outrigger.decision.proposals': proposals,
      'outrigger.decision.bounds': bounds,
      'outrigger.decision.outcome': outcome,
      'outrigger.decision.sentences': reasons.map(({ sentence }) => sentence),
    },
  })
  span.end()
}

function attributesOf(body: DecisionBody): Attributes {
  const { endpoint, revision, what, outcome, reasons } = body
  return {
    [names.endpoint]: endpoint,
    [names.revision]: revision,
    [names.what]: what,
    [names.action]: outcome.action,
    [names.from]: outcome.from,
    [names.to]: outcome.to,
    [names.reasons]: reasons.map(({ code }) => code),
    [names.sentence]: sentenceOf(body),
  }
}

function linksOf({ inputs }: DecisionBody): Link[] {
  return inputs.causes.map(cause => {
    const [traceId = '', spanId = ''] = cause.split('-')
    return { context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true } }
  })
}
