import { endpointName, revisionName } from '../core/model/names.ts'
import { check, show, text, type Issue, type Schema } from '../core/model/schema.ts'
import {
  readAddress,
  readLevel,
  readParent,
  refuseAny,
  type Address,
} from '../core/runtime/environment.ts'
import type { Level } from '../core/runtime/log.ts'
import type { H2Bounds, TrafficBounds } from './bounds.ts'
import type { DrainTimes } from './admit/drain.ts'
import { otelVariables, variables, type Variable, type VariableName } from './env-table.ts'

/** The sidecar's configuration, from its environment alone. Every error at once. */
export interface SidecarConfig {
  endpoint: string
  revision: string
  replica: string
  rootKey: string
  app: Address
  traffic: readonly Address[]
  admin: Address
  metrics: Address
  stateDir: string
  drainSecret: string | null
  /** Cores x 1000. */
  cpuQuota: number | null
  /** Bytes. */
  memoryLimit: number | null
  appPidFile: string | null
  sharedProcesses: boolean
  firstLimit: number
  firstQueueUs: number
  objectiveUs: number | null
  orderWaitMs: number
  readyPath: string | null
  healthPaths: ReadonlySet<string>
  metricsUrl: string | null
  ownLoopback: boolean
  gpus: string | null
  maxUpgrades: number
  carrier: 'fast' | 'compat'
  bounds: TrafficBounds &
    H2Bounds & { pipelineBytes: number; keptBytes: number; unreadBytes: number }
  drainTimes: DrainTimes
  drainGraceMs: number
  drainTimeoutMs: number
  exitWithStdin: boolean
  logLevel: Level
  /** The standard OTEL_* variables that are set, by name; null: telemetry is off. */
  otel: Readonly<Record<string, string>> | null
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Throws BadConfig. */
export function readConfig(env: Environment = process.env): SidecarConfig {
  const issues: Issue[] = []
  const read = reader(env, issues)
  const objective = read.int('OUTRIGGER_OBJECTIVE_MS')
  const config: SidecarConfig = {
    endpoint: read.named('OUTRIGGER_ENDPOINT', endpointName),
    revision: read.named('OUTRIGGER_REVISION', revisionName),
    replica: read.named('OUTRIGGER_REPLICA', text(100, /^.+$/, 'a name of 1 to 100 characters')),
    rootKey: read.named(
      'OUTRIGGER_ROOT_KEY',
      text(200, /^[A-Za-z0-9+/]{16,}={0,2}$/, 'base64 of a public key (SPKI)'),
    ),
    app: read.address('OUTRIGGER_APP'),
    traffic: read.addresses('OUTRIGGER_TRAFFIC'),
    admin: read.address('OUTRIGGER_ADMIN'),
    metrics: read.address('OUTRIGGER_METRICS'),
    stateDir: read.named('OUTRIGGER_STATE_DIR', text(4096, /^.+$/, 'a folder')),
    drainSecret: read.text('OUTRIGGER_DRAIN_SECRET'),
    cpuQuota: read.int('OUTRIGGER_CPU_QUOTA'),
    memoryLimit: read.int('OUTRIGGER_MEMORY_LIMIT'),
    sharedProcesses: read.choice('OUTRIGGER_APP_PROCESSES') === 'shared',
    appPidFile: read.text('OUTRIGGER_APP_PID_FILE'),
    firstLimit: read.int('OUTRIGGER_FIRST_LIMIT') ?? (objective === null ? 2 : 4),
    firstQueueUs: (read.int('OUTRIGGER_FIRST_QUEUE_MS') ?? 0) * 1000,
    objectiveUs: objective === null ? null : objective * 1000,
    orderWaitMs: read.int('OUTRIGGER_ORDER_WAIT') ?? 0,
    readyPath: read.path('OUTRIGGER_READY_PATH'),
    healthPaths: read.paths('OUTRIGGER_HEALTH_PATHS'),
    metricsUrl: read.url('OUTRIGGER_METRICS_URL'),
    ownLoopback: read.choice('OUTRIGGER_OWN_LOOPBACK') === 'yes',
    gpus: read.text('OUTRIGGER_GPUS'),
    maxUpgrades: read.int('OUTRIGGER_MAX_UPGRADES') ?? 0,
    carrier: read.choice('OUTRIGGER_CARRIER') === 'compat' ? 'compat' : 'fast',
    bounds: bounds(read),
    drainTimes: drainTimes(read, issues),
    drainGraceMs: read.int('OUTRIGGER_DRAIN_GRACE') ?? 0,
    drainTimeoutMs: read.int('OUTRIGGER_DRAIN_TIMEOUT') ?? 0,
    exitWithStdin: readParent(read.text('OUTRIGGER_PARENT') ?? '', issues),
    logLevel: readLevel(read.text('OUTRIGGER_LOG_LEVEL') ?? '', issues),
    otel: otel(env),
  }
  refuseAny(issues, 'sidecar')
  return config
}

function bounds(read: Reader): SidecarConfig['bounds'] {
  const of = (name: VariableName): number => read.int(name) ?? 0
  return {
    headBytes: of('OUTRIGGER_HEAD_BYTES'),
    headers: of('OUTRIGGER_MAX_HEADERS'),
    connections: of('OUTRIGGER_MAX_CONNECTIONS'),
    pipelineBytes: of('OUTRIGGER_PIPELINE_BYTES'),
    keptBytes: of('OUTRIGGER_KEPT_BYTES'),
    unreadBytes: of('OUTRIGGER_UNREAD_BYTES'),
    headTimeoutMs: of('OUTRIGGER_HEAD_TIMEOUT'),
    idleTimeoutMs: of('OUTRIGGER_IDLE_TIMEOUT'),
    bodyTimeoutMs: of('OUTRIGGER_BODY_TIMEOUT'),
    quietTimeoutMs: of('OUTRIGGER_QUIET_TIMEOUT'),
    streams: of('OUTRIGGER_H2_STREAMS'),
    resetBurst: of('OUTRIGGER_H2_RESET_BURST'),
    resetRate: of('OUTRIGGER_H2_RESET_RATE'),
    controlBurst: of('OUTRIGGER_H2_CONTROL_BURST'),
    controlRate: of('OUTRIGGER_H2_CONTROL_RATE'),
    invalidFrames: of('OUTRIGGER_H2_INVALID_FRAMES'),
    refusedStreams: of('OUTRIGGER_H2_REFUSED_STREAMS'),
    sessionMemory: of('OUTRIGGER_H2_SESSION_MEMORY'),
  }
}

function drainTimes(read: Reader, issues: Issue[]): DrainTimes {
  const us = (name: VariableName): number => (read.int(name) ?? 0) * 1000
  const times = {
    minUs: us('OUTRIGGER_DRAIN_MIN'),
    quietUs: us('OUTRIGGER_DRAIN_QUIET'),
    maxUs: us('OUTRIGGER_DRAIN_MAX'),
  }
  if (times.minUs > times.maxUs) {
    const expected = `at most OUTRIGGER_DRAIN_MAX (${times.maxUs / 1000})`
    issues.push({ path: 'OUTRIGGER_DRAIN_MIN', expected, got: String(times.minUs / 1000) })
  }
  return times
}

/** Off unless it is said where to export to, as OpenTelemetry's specification has it for a disabled SDK. */
function otel(env: Environment): SidecarConfig['otel'] {
  const set = Object.fromEntries(
    otelVariables.flatMap(name => {
      const value = env[name]
      return value === undefined || value === '' ? [] : [[name, value] as const]
    }),
  )
  const asked =
    set['OTEL_EXPORTER_OTLP_ENDPOINT'] !== undefined ||
    set['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] !== undefined
  const off =
    set['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || set['OTEL_TRACES_EXPORTER'] === 'none'
  return asked && !off ? set : null
}

type Reader = ReturnType<typeof reader>

/** Readers by kind; each notes what is wrong and gives something of its type all the same. */
function reader(env: Environment, issues: Issue[]) {
  const value = (name: VariableName): string | null => {
    const variable: Variable = variables[name]
    const found = env[name] === undefined || env[name] === '' ? variable.default : env[name]
    if (found === null) issues.push({ path: name, expected: variable.sentence, got: 'nothing' })
    return found === null || found === '' ? null : found
  }
  const wrong = (path: string, expected: string, got: string): null => {
    issues.push({ path, expected, got: show(got) })
    return null
  }
  const good = (name: VariableName, schema: Schema<string>): string | null => {
    const found = value(name)
    if (found === null || check(schema, found).ok) return found
    return wrong(name, schema.expected, found)
  }
  const path = (name: VariableName, found: string): string | null =>
    /^\/[!-~]*$/.test(found) ? found : wrong(name, 'a path that starts with /', found)
  return {
    text: value,
    named: (name: VariableName, schema: Schema<string>): string => good(name, schema) ?? '',
    address(name: VariableName): Address {
      const found = value(name)
      return found === null ? { host: '', port: 0 } : readAddress(name, found, issues)
    },
    /** Hosts joined by commas, one port: `$(POD_IPS):8080`. */
    addresses(name: VariableName): Address[] {
      const found = value(name) ?? ''
      const colon = found.lastIndexOf(':')
      if (colon < 0) return [readAddress(name, found, issues)]
      const hosts = found.slice(0, colon).split(',')
      return hosts.map(host => readAddress(name, `${host.trim()}${found.slice(colon)}`, issues))
    },
    int(name: VariableName): number | null {
      const found = value(name)
      const { min = 0, max = Number.MAX_SAFE_INTEGER }: Variable = variables[name]
      if (found === null) return null
      const number = /^\d{1,15}$/.test(found) ? Number(found) : -1
      return number >= min && number <= max
        ? number
        : wrong(name, `an integer from ${min} to ${max}`, found)
    },
    choice(name: VariableName): string | null {
      const found = value(name)
      const { choices = [] }: Variable = variables[name]
      return found === null || choices.includes(found)
        ? found
        : wrong(name, `one of ${choices.join(', ')}`, found)
    },
    path(name: VariableName): string | null {
      const found = value(name)
      return found === null ? null : path(name, found)
    },
    paths(name: VariableName): Set<string> {
      const all = (value(name) ?? '').split(',').map(part => part.trim())
      return new Set(all.filter(part => part !== '' && path(name, part) !== null))
    },
    url(name: VariableName): string | null {
      const found = value(name)
      if (found === null) return null
      return URL.canParse(found) && new URL(found).protocol === 'http:'
        ? found
        : wrong(name, 'an http:// URL', found)
    },
  }
}
