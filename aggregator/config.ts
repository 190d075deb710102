import { ports } from '../core/model/ports.ts'
import type { Issue } from '../core/model/schema.ts'
import { readAddress, readLevel, readParent, refuseAny } from '../core/runtime/environment.ts'
import type { Level } from '../core/runtime/log.ts'
import type { Environment } from '../core/runtime/telemetry.ts'

/** The aggregator's configuration, from its environment alone. */
export interface AggregatorConfig {
  host: string
  /** 0: the kernel chooses. */
  port: number
  /** Shared between our own components; null: targets are taken from whoever reaches us. */
  token: string | null
  logLevel: Level
  exitWithStdin: boolean
  /** For OpenTelemetry, which reads OTEL_* from it. */
  environment: Environment
}

/** Throws BadConfig. */
export function readConfig(environment: Environment = process.env): AggregatorConfig {
  const issues: Issue[] = []
  const admin = environment.OUTRIGGER_ADMIN || `127.0.0.1:${ports.aggregator.port}`
  const config: AggregatorConfig = {
    ...readAddress('OUTRIGGER_ADMIN', admin, issues),
    token: environment.OUTRIGGER_TOKEN || null,
    logLevel: readLevel(environment.OUTRIGGER_LOG_LEVEL || 'info', issues),
    exitWithStdin: readParent(environment.OUTRIGGER_PARENT || '', issues),
    environment,
  }
  refuseAny(issues, 'aggregator')
  return config
}
