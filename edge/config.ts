import { address, shortName } from '../core/model/names.ts'
import { sentence, show, type Issue, type Schema } from '../core/model/schema.ts'
import type { Level } from '../core/runtime/log.ts'
import { variables, type VariableName } from './env-table.ts'

/** The edge's configuration, from its environment and command line. Every error at once. */
export interface EdgeConfig {
  controller: string
  token: string | null
  edge: string
  admin: { host: string; port: number }
  host: string
  stateDir: string | null
  workers: number
  logLevel: Level
  exitWithStdin: boolean
  /** The whole environment, for the OTEL_* variables that the SDK itself reads. */
  environment: Environment
}

export type Environment = Record<string, string | undefined>

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
const MOST_WORKERS = 64

export class BadConfig extends Error {
  readonly issues: readonly Issue[]
  constructor(issues: readonly Issue[]) {
    const lines = issues.map(issue => `  ${sentence(issue)}`).join('\n')
    super(`The configuration of the edge is wrong:\n${lines}\nSee docs/edge.md.`)
    this.issues = issues
  }
}

/** Throws BadConfig. `workers` of the command line wins over the environment. */
export function readConfig(
  options: { environment?: Environment; workers?: string | undefined } = {},
): EdgeConfig {
  const environment = options.environment ?? process.env
  const issues: Issue[] = []
  const text = (name: VariableName): string => environment[name] || (variables[name].default ?? '')
  const wrong = (path: string, expected: string, value: string): void =>
    void issues.push({ path, expected, got: show(value === '' ? undefined : value) })
  const named = (name: VariableName, schema: Schema<string>): string => {
    schema.check(text(name) === '' ? undefined : text(name), name, issues)
    return text(name)
  }
  const controller = text('OUTRIGGER_CONTROLLER').replace(/\/$/, '')
  if (!/^http:\/\/[^/\s]+$/.test(controller) || !URL.canParse(controller))
    wrong('OUTRIGGER_CONTROLLER', 'a URL, http://HOST:PORT', controller)
  const admin = addressOf(named('OUTRIGGER_ADMIN', address))
  if (admin.port > 65_535) wrong('OUTRIGGER_ADMIN', 'a port of at most 65535', String(admin.port))
  const workers = options.workers ?? text('OUTRIGGER_WORKERS')
  if (!/^\d{1,2}$/.test(workers) || Number(workers) < 1 || Number(workers) > MOST_WORKERS) {
    const path = options.workers === undefined ? 'OUTRIGGER_WORKERS' : '--workers'
    wrong(path, `an integer from 1 to ${MOST_WORKERS}`, workers)
  }
  const level = LEVELS.find(one => one === text('OUTRIGGER_LOG_LEVEL'))
  if (level === undefined)
    wrong('OUTRIGGER_LOG_LEVEL', `one of ${LEVELS.join(', ')}`, text('OUTRIGGER_LOG_LEVEL'))
  const parent = text('OUTRIGGER_PARENT')
  if (parent !== '' && parent !== 'stdin') wrong('OUTRIGGER_PARENT', 'stdin or nothing', parent)
  const config: EdgeConfig = {
    controller,
    token: text('OUTRIGGER_TOKEN') || null,
    edge: named('OUTRIGGER_EDGE', shortName),
    admin,
    host: text('OUTRIGGER_EDGE_HOST').replace(/^\[|\]$/g, ''),
    stateDir: text('OUTRIGGER_STATE_DIR') || null,
    workers: Number(workers),
    logLevel: level ?? 'info',
    exitWithStdin: parent === 'stdin',
    environment,
  }
  if (issues.length > 0) throw new BadConfig(issues)
  return config
}

function addressOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':')
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  }
}
