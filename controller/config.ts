import { hostname } from 'node:os'
import { ports } from '../core/model/ports.ts'
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

/** All that the controller takes from outside. This file is the only reader of its environment. */
export interface ControllerConfig {
  admin: Address
  /** URL of the platform, without a path. */
  platform: string
  /** Folder of the log (controller/log) and of the keys (keys). */
  stateDir: string
  /** Between our own components; null: nothing asks for it. */
  token: string | null
  settingsFile: string | null
  logLevel: Level
  /** Exit when stdin ends: whoever started us has gone. */
  exitWithStdin: boolean
  /** Who decides, for the record. */
  identity: string
  /** What telemetry reads: the standard OTEL_* variables. */
  environment: Environment
}

/** Throws BadConfig. */
export function readConfig(environment: Environment = process.env): ControllerConfig {
  const issues: Issue[] = []
  const admin = environment.OUTRIGGER_ADMIN || `127.0.0.1:${ports.controller.port}`
  const platform = (environment.OUTRIGGER_PLATFORM ?? '').replace(/\/+$/, '')
  if (!/^http:\/\/[^/]+$/.test(platform)) {
    const expected = 'the URL of the platform, such as http://127.0.0.1:15050'
    const got = show(environment.OUTRIGGER_PLATFORM || undefined)
    issues.push({ path: 'OUTRIGGER_PLATFORM', expected, got })
  }
  const config: ControllerConfig = {
    admin: readAddress('OUTRIGGER_ADMIN', admin, issues),
    platform,
    stateDir: environment.OUTRIGGER_STATE_DIR || '.outrigger',
    token: environment.OUTRIGGER_TOKEN || null,
    settingsFile: environment.OUTRIGGER_SETTINGS_FILE || null,
    logLevel: readLevel(environment.OUTRIGGER_LOG_LEVEL || 'info', issues),
    exitWithStdin: readParent(environment.OUTRIGGER_PARENT || '', issues),
    identity: `${hostname()}/${process.pid}`,
    environment,
  }
  refuseAny(issues, 'controller')
  return config
}

/** How a pod finds the API server, and the kubeconfig that a person chose; empty where not given. */
export function clusterEnvironment(environment: Environment = process.env): {
  host: string
  port: string
  kubeconfig: string
} {
  return {
    host: environment.KUBERNETES_SERVICE_HOST ?? '',
    port: environment.KUBERNETES_SERVICE_PORT ?? '',
    kubeconfig: environment.KUBECONFIG ?? '',
  }
}
