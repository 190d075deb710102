import { shortName } from '../core/model/names.ts'
import { show, type Issue } from '../core/model/schema.ts'
import {
  readAddress,
  readLevel,
  readParent,
  refuseAny,
  type Address,
} from '../core/runtime/environment.ts'
import type { Level } from '../core/runtime/log.ts'
import type { Environment } from '../core/runtime/telemetry.ts'
import type { FrontBounds } from './bounds.ts'
import { variables, type VariableName } from './env-table.ts'

/** The edge's configuration, from its environment and command line. Every error at once. */
export interface EdgeConfig {
  controller: string
  token: string | null
  edge: string
  admin: Address
  host: string
  stateDir: string | null
  workers: number
  drainGraceMs: number
  bounds: FrontBounds
  logLevel: Level
  exitWithStdin: boolean
  /** The whole environment, for the OTEL_* variables that the SDK itself reads. */
  environment: Environment
}

const MOST_WORKERS = 64
const MOST_GRACE_MS = 600_000

/** Throws BadConfig. `workers` of the command line wins over the environment. */
export function readConfig(
  options: { environment?: Environment; workers?: string | undefined } = {},
): EdgeConfig {
  const environment = options.environment ?? process.env
  const issues: Issue[] = []
  const text = (name: VariableName): string => environment[name] || (variables[name].default ?? '')
  const wrong = (path: string, expected: string, value: string): void =>
    void issues.push({ path, expected, got: show(value === '' ? undefined : value) })
  const edge = text('OUTRIGGER_EDGE')
  shortName.check(edge, 'OUTRIGGER_EDGE', issues)
  const controller = text('OUTRIGGER_CONTROLLER').replace(/\/$/, '')
  if (!/^http:\/\/[^/\s]+$/.test(controller) || !URL.canParse(controller))
    wrong('OUTRIGGER_CONTROLLER', 'a URL, http://HOST:PORT', controller)
  const workers = options.workers ?? text('OUTRIGGER_WORKERS')
  if (!/^\d{1,2}$/.test(workers) || Number(workers) < 1 || Number(workers) > MOST_WORKERS) {
    const path = options.workers === undefined ? 'OUTRIGGER_WORKERS' : '--workers'
    wrong(path, `an integer from 1 to ${MOST_WORKERS}`, workers)
  }
  const int = (name: VariableName, least: number, most: number): number => {
    const value = text(name)
    const read = /^\d{1,12}$/.test(value) ? Number(value) : NaN
    if (!(read >= least && read <= most)) wrong(name, `an integer from ${least} to ${most}`, value)
    return read
  }
  const config: EdgeConfig = {
    controller,
    token: text('OUTRIGGER_TOKEN') || null,
    edge,
    admin: readAddress('OUTRIGGER_ADMIN', text('OUTRIGGER_ADMIN'), issues),
    host: text('OUTRIGGER_EDGE_HOST').replace(/^\[|\]$/g, ''),
    stateDir: text('OUTRIGGER_STATE_DIR') || null,
    workers: Number(workers),
    drainGraceMs: int('OUTRIGGER_DRAIN_GRACE', 0, MOST_GRACE_MS),
    bounds: bounds(int),
    logLevel: readLevel(text('OUTRIGGER_LOG_LEVEL'), issues),
    exitWithStdin: readParent(text('OUTRIGGER_PARENT'), issues),
    environment,
  }
  refuseAny(issues, 'edge')
  return config
}

function bounds(int: (name: VariableName, least: number, most: number) => number): FrontBounds {
  return {
    headBytes: int('OUTRIGGER_HEAD_BYTES', 1024, 1_048_576),
    headers: int('OUTRIGGER_MAX_HEADERS', 10, 1000),
    connections: int('OUTRIGGER_MAX_CONNECTIONS', 1, 1_000_000),
    upgrades: int('OUTRIGGER_MAX_UPGRADES', 0, 100_000),
    pipelineBytes: int('OUTRIGGER_PIPELINE_BYTES', 1, 16_777_216),
    unreadBytes: int('OUTRIGGER_UNREAD_BYTES', 65_536, 68_719_476_736),
    headTimeoutMs: int('OUTRIGGER_HEAD_TIMEOUT', 100, 3_600_000),
    idleTimeoutMs: int('OUTRIGGER_IDLE_TIMEOUT', 100, 3_600_000),
    bodyTimeoutMs: int('OUTRIGGER_BODY_TIMEOUT', 100, 3_600_000),
  }
}
