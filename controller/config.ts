import { hostname } from 'node:os'
import { ports } from '../core/model/ports.ts'
import type { Level } from '../core/runtime/log.ts'
import type { Environment } from '../core/runtime/telemetry.ts'

/** All that the controller takes from outside. This file is the only reader of its environment. */
export interface ControllerConfig {
  admin: { host: string; port: number }
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

/** Everything that is wrong with the environment, one line an error. */
export class BadConfig extends Error {}

/** Throws BadConfig. */
export function readConfig(environment: Environment = process.env): ControllerConfig {
  const errors: string[] = []
  const admin = addressOf(environment.OUTRIGGER_ADMIN || `127.0.0.1:${ports.controller.port}`)
  if (admin === null)
    errors.push(wrong('OUTRIGGER_ADMIN', 'host:port', environment.OUTRIGGER_ADMIN))
  const platform = (environment.OUTRIGGER_PLATFORM ?? '').replace(/\/+$/, '')
  if (!/^http:\/\/[^/]+$/.test(platform)) {
    const expected = 'the URL of the platform, such as http://127.0.0.1:15050'
    errors.push(wrong('OUTRIGGER_PLATFORM', expected, environment.OUTRIGGER_PLATFORM))
  }
  const level = environment.OUTRIGGER_LOG_LEVEL || 'info'
  if (!['debug', 'info', 'warn', 'error'].includes(level)) {
    errors.push(wrong('OUTRIGGER_LOG_LEVEL', 'one of debug, info, warn, error', level))
  }
  const parent = environment.OUTRIGGER_PARENT || ''
  if (parent !== '' && parent !== 'stdin') errors.push(wrong('OUTRIGGER_PARENT', 'stdin', parent))
  if (admin === null || errors.length > 0) {
    const lines = errors.map(error => `  ${error}`).join('\n')
    throw new BadConfig(
      `The environment of the controller is wrong:\n${lines}\nSee docs/controller.md.`,
    )
  }
  return {
    admin,
    platform,
    stateDir: environment.OUTRIGGER_STATE_DIR || '.outrigger',
    token: environment.OUTRIGGER_TOKEN || null,
    settingsFile: environment.OUTRIGGER_SETTINGS_FILE || null,
    logLevel: level as Level,
    exitWithStdin: parent === 'stdin',
    identity: `${hostname()}/${process.pid}`,
    environment,
  }
}

function wrong(name: string, expected: string, got: string | undefined): string {
  return `${name}: expected ${expected}, got ${got === undefined || got === '' ? 'nothing' : JSON.stringify(got)}`
}

function addressOf(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) return null
  return { host: match[1] ?? match[2] ?? '', port }
}
