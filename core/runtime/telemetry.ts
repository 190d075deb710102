import {
  context,
  diag,
  DiagLogLevel,
  logs,
  metrics,
  propagation,
  trace,
  type DiagLogFunction,
  type Logger,
  type Meter,
  type Tracer,
} from '@opentelemetry/api'
import type { Log } from './log.ts'

/**
 * OpenTelemetry of controller, aggregator and edge: traces, logs and metrics over OTLP. The SDK is loaded
 * only when an endpoint is given, and reads the standard OTEL_* variables itself (protocol, headers,
 * sampler, resource attributes). Without an endpoint everything here does nothing.
 */
export interface Telemetry {
  /** False when nothing is exported: what is costly to prepare need not be. */
  on: boolean
  tracer: Tracer
  logger: Logger
  meter: Meter
  /** Exports what is left, for at most 2 s. Never rejects. */
  shutdown(): Promise<void>
}

export type Environment = Record<string, string | undefined>

const SIGNALS = ['TRACES', 'LOGS', 'METRICS'] as const
const LONGEST_SHUTDOWN_MS = 2000

/**
 * Starts telemetry, once a process. `environment` is the process's own: what is not set there gets our
 * defaults, written to it because the SDK reads nothing else. A back end that is slow or away costs a
 * bounded buffer (2,048 spans, 2,048 log records; more are dropped and counted in otel.sdk.* metrics) and
 * one warning a minute.
 */
export async function startTelemetry(options: {
  component: 'controller' | 'aggregator' | 'edge'
  version: string
  /** Attributes of the resource; OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME win over them. */
  attributes?: Record<string, string>
  environment: Environment
  log: Log
}): Promise<Telemetry> {
  const { component, version, environment } = options
  const on = exporting(environment)
  const stop = on ? await startSdk(options) : () => Promise.resolve()
  const scope = `outrigger.${component}`
  return {
    on,
    tracer: trace.getTracer(scope, version),
    logger: logs.getLogger(scope, version),
    meter: metrics.getMeter(scope, version),
    shutdown: stop,
  }
}

/** Whether any signal has somewhere to go. */
function exporting(environment: Environment): boolean {
  if (environment.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false
  return SIGNALS.some(signal => endpointOf(environment, signal) !== undefined)
}

function endpointOf(environment: Environment, signal: string): string | undefined {
  const own = environment[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]
  return own || environment.OTEL_EXPORTER_OTLP_ENDPOINT || undefined
}

/** A back end that hangs is given up on early, drops are counted, and a signal that has no endpoint is off. */
function fillIn(environment: Environment): void {
  const defaults: Environment = {
    OTEL_EXPORTER_OTLP_TIMEOUT: '3000',
    OTEL_BSP_EXPORT_TIMEOUT: '5000',
    OTEL_BLRP_EXPORT_TIMEOUT: '5000',
    OTEL_NODE_EXPERIMENTAL_SDK_METRICS: 'true',
  }
  for (const signal of SIGNALS) {
    if (endpointOf(environment, signal) === undefined) defaults[`OTEL_${signal}_EXPORTER`] = 'none'
  }
  for (const [name, value] of Object.entries(defaults)) environment[name] ||= value
}

async function startSdk(
  options: Parameters<typeof startTelemetry>[0],
): Promise<() => Promise<void>> {
  const { component, version, attributes = {}, environment, log } = options
  fillIn(environment)
  const { NodeSDK } = await import('@opentelemetry/sdk-node')
  const resources = await import('@opentelemetry/resources')
  const resource = resources.defaultResource().merge(
    resources.resourceFromAttributes({
      'service.name': `outrigger-${component}`,
      'service.version': version,
      ...attributes,
    }),
  )
  // The process detector would send our command line; ask for it with OTEL_NODE_RESOURCE_DETECTORS.
  const resourceDetectors = environment.OTEL_NODE_RESOURCE_DETECTORS
    ? {}
    : {
        resourceDetectors: [
          resources.serviceInstanceIdDetector,
          resources.hostDetector,
          resources.envDetector,
        ],
      }
  const sdk = new NodeSDK({ resource, ...resourceDetectors })
  if (!environment.OTEL_LOG_LEVEL) warnThrough(log)
  sdk.start()
  return async () => {
    await Promise.race([sdk.shutdown().catch(() => {}), patience()])
    for (const api of [trace, logs, metrics, context, propagation, diag]) api.disable()
  }
}

function patience(): Promise<void> {
  return new Promise(resolve => void setTimeout(resolve, LONGEST_SHUTDOWN_MS).unref())
}

/** The SDK's own warnings go to our log, one a minute: an outage is a line, not a flood. */
function warnThrough(log: Log): void {
  let since = -Infinity
  let unsaid = 0
  const warn: DiagLogFunction = message => {
    if (performance.now() - since < 60_000) return void unsaid++
    log('warn', 'telemetry is not exported as it should be', { cause: short(message), unsaid })
    since = performance.now()
    unsaid = 0
  }
  const nothing = (): void => {}
  diag.setLogger(
    { error: warn, warn, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}

function short(message: unknown): string {
  return String(message).slice(0, 300)
}
