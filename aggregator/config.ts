import { address } from '../core/model/names.ts'
import { ports } from '../core/model/ports.ts'
import { check, sentence, show, type Issue } from '../core/model/schema.ts'
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

/** Everything that is wrong with the environment, one line an error. */
export class BadConfig extends Error {}

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies Level[]

/** Throws BadConfig. */
export function readConfig(environment: Environment = process.env): AggregatorConfig {
  const issues: Issue[] = []
  const wrong = (path: string, expected: string, got: string): void =>
    void issues.push({ path, expected, got: show(got) })
  const admin = environment.OUTRIGGER_ADMIN || `127.0.0.1:${ports.aggregator.port}`
  const at = admin.lastIndexOf(':')
  const port = Number(admin.slice(at + 1))
  if (!check(address, admin).ok || port > 65_535) wrong('OUTRIGGER_ADMIN', 'host:port', admin)
  const logLevel = environment.OUTRIGGER_LOG_LEVEL || 'info'
  if (!LEVELS.includes(logLevel)) {
    wrong('OUTRIGGER_LOG_LEVEL', `one of ${LEVELS.join(', ')}`, logLevel)
  }
  const parent = environment.OUTRIGGER_PARENT || ''
  if (parent !== '' && parent !== 'stdin') wrong('OUTRIGGER_PARENT', 'stdin or nothing', parent)
  if (issues.length > 0) {
    const lines = issues.map(issue => `  ${sentence(issue)}`).join('\n')
    throw new BadConfig(
      `The environment of the aggregator is wrong:\n${lines}\nSee docs/aggregator.md.`,
    )
  }
  return {
    host: admin.slice(0, at).replace(/^\[|\]$/g, ''),
    port,
    token: environment.OUTRIGGER_TOKEN || null,
    logLevel: logLevel as Level,
    exitWithStdin: parent === 'stdin',
    environment,
  }
}
