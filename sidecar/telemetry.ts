import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
} from '@opentelemetry/api'
import { ExportResultCode } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace'
import type { TraceParent } from '../core/http/trace-context.ts'
import { attributes } from '../core/model/signals.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { SidecarConfig } from './config.ts'
import type { LiveSpan, Request, RequestEnd, SpanMaker } from './spans.ts'

/**
 * Spans by the API and the trace SDK alone, for its memory; loaded only when there is a back end. What
 * the back end can't take is dropped and counted, and no request waits for it.
 */
type Otel = Readonly<Record<string, string>>

/** One in a hundred of those that the caller did not decide about. */
const DEFAULT_SAMPLER = 'parentbased_traceidratio'
const DEFAULT_RATIO = 0.01
/** How long the last spans may take at the end, ms. */
const CLOSE_MS = 2000

export function spanMaker(config: SidecarConfig, otel: Otel, clock: Clock): SpanMaker {
  const number = (name: string, otherwise: number): number => {
    const value = Number(otel[name])
    return otel[name] !== undefined && Number.isFinite(value) && value > 0 ? value : otherwise
  }
  const most = number('OTEL_BSP_MAX_QUEUE_SIZE', 2048)
  const counting = countDrops(
    new OTLPTraceExporter(),
    most,
    exporter =>
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: most,
        maxExportBatchSize: Math.min(most, number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)),
        scheduledDelayMillis: number('OTEL_BSP_SCHEDULE_DELAY', 5000),
        exportTimeoutMillis: number('OTEL_BSP_EXPORT_TIMEOUT', 10_000),
      }),
  )
  const provider = new TracerProvider({
    resource: resourceOf(config),
    // What reaches the tracer was decided before: at the head, or by how the request went.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [counting.processor],
  })
  const tracer = provider.getTracer('outrigger')
  const { sampler, share } = samplingOf(otel)
  const at = (us: number): number => clock.now() - (clock.us() - us) / 1000

  return {
    sampledAtHead(parent) {
      // A trace that begins here gets its number later: chance decides, without one.
      if (parent === null) return Math.random() < share
      const { decision } = sampler.shouldSample(
        contextOf(parent, null),
        parent.traceId,
        'request',
        SpanKind.SERVER,
        {},
        [],
      )
      return decision === SamplingDecision.RECORD_AND_SAMPLED
    },
    start(request): LiveSpan {
      const span = tracer.startSpan(
        request.method,
        {
          kind: SpanKind.SERVER,
          startTime: at(request.arrivedUs),
          attributes: startOf(config, request),
        },
        contextOf(request.parent, request.traceState),
      )
      const { traceId, spanId } = span.spanContext()
      return {
        reference: { traceId, spanId, flags: 1 },
        end(end) {
          span.setAttributes(endOf(end))
          if (end.kind === 'server') span.setStatus({ code: SpanStatusCode.ERROR })
          span.end(at(clock.us()))
        },
      }
    },
    dropped: counting.dropped,
    async close() {
      const late = new Promise(resolve => setTimeout(resolve, CLOSE_MS).unref())
      await Promise.race([provider.shutdown().catch(() => undefined), late])
    },
  }
}

function startOf(config: SidecarConfig, { method, path }: Request): Attributes {
  return {
    'http.request.method': method,
    'url.path': path,
    [attributes.endpoint]: config.endpoint,
    [attributes.revision]: config.revision,
    [attributes.replica]: config.replica,
  }
}

function endOf(end: RequestEnd): Attributes {
  return {
    [attributes.queueTimeUs]: end.queueUs,
    [attributes.limit]: end.limit,
    ...(end.serviceUs === undefined ? {} : { [attributes.serviceTimeUs]: end.serviceUs }),
    ...(end.reason === undefined ? {} : { [attributes.reason]: end.reason }),
    ...(end.status === undefined ? {} : { 'http.response.status_code': end.status }),
    ...(end.left === true ? { 'error.type': 'client-left' } : {}),
  }
}

function contextOf(parent: TraceParent | null, state: string | null): Context {
  if (parent === null) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.flags & 1,
    isRemote: true,
    ...(state === null ? {} : { traceState: createTraceState(state) }),
  })
}

function resourceOf(config: SidecarConfig) {
  const own = resourceFromAttributes({
    'service.name': 'outrigger-sidecar',
    'service.instance.id': config.replica,
    [attributes.endpoint]: config.endpoint,
    [attributes.revision]: config.revision,
    [attributes.replica]: config.replica,
  })
  // The last one wins: what the operator said.
  const said = detectResources({ detectors: [envDetector, serviceNameEnvDetector] })
  return defaultResource().merge(own).merge(said)
}

/** OTEL_TRACES_SAMPLER and its argument, as the specification names them; `share`: of traces that begin here. */
function samplingOf(otel: Otel): { sampler: Sampler; share: number } {
  const name = otel['OTEL_TRACES_SAMPLER'] ?? DEFAULT_SAMPLER
  const argument = otel['OTEL_TRACES_SAMPLER_ARG']
  const ratio = argument === undefined ? Number.NaN : Number(argument)
  const otherwise = otel['OTEL_TRACES_SAMPLER'] === undefined ? DEFAULT_RATIO : 1
  const asked = ratio >= 0 && ratio <= 1 ? ratio : otherwise
  const share = name.endsWith('always_on') ? 1 : name.endsWith('always_off') ? 0 : asked
  const root =
    share === 1
      ? new AlwaysOnSampler()
      : share === 0
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(share)
  return {
    sampler: name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root,
    share,
  }
}

/** A bound on spans that wait for the back end, and a count of those that it never got. */
function countDrops(
  exporter: SpanExporter,
  most: number,
  make: (exporter: SpanExporter) => SpanProcessor,
): { processor: SpanProcessor; dropped: () => number } {
  let waiting = 0
  let dropped = 0
  const inner = make({
    export(spans: ReadableSpan[], told) {
      exporter.export(spans, result => {
        waiting -= spans.length
        if (result.code !== ExportResultCode.SUCCESS) dropped += spans.length
        told(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  })
  return {
    dropped: () => dropped,
    processor: {
      onStart: (span, context) => inner.onStart(span, context),
      onEnd(span) {
        if (waiting >= most) {
          dropped++
          return
        }
        waiting++
        inner.onEnd(span)
      },
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
    },
  }
}
