import { readFileSync, statSync } from 'node:fs'
import { isMapping, sentence, show, type Issue } from '../core/model/schema.ts'
import { defaults, readSettings, type Settings } from '../core/model/settings.ts'
import { wordsOfError, type Log } from '../core/runtime/log.ts'
import { BadConfig } from '../core/runtime/environment.ts'
import { logDefaults, readLogOptions, type LogOptions } from '../core/model/log-options.ts'

interface Read {
  endpoints: Map<string, Settings>
  log: LogOptions
}

/** Settings by endpoint from a JSON file {endpoints: {NAME: {...}}, log: {...}}; read again when it changes. */
export class SettingsFile {
  private readonly path: string | null
  private readonly log: Log
  private read: Read = { endpoints: new Map(), log: logDefaults }
  private stamp = ''
  /** Why the newest file is not in force, in words; null when it is. */
  problem: string | null = null

  /** Throws BadConfig with every error of the file: a start needs a good one. */
  constructor(path: string | null, log: Log) {
    this.path = path
    this.log = log
    if (path === null) return
    this.stamp = stampOf(path)
    const { read, errors } = load(path)
    if (errors.length > 0) throw new BadConfig(errors.join('\n'))
    this.read = read
  }

  /** Reads a changed file. A bad one is said, and the last good one stays in force. */
  refresh(): void {
    if (this.path === null) return
    const stamp = stampOf(this.path)
    if (stamp === this.stamp) return
    this.stamp = stamp
    const { read, errors } = load(this.path)
    this.problem = errors.length === 0 ? null : errors.join('\n')
    if (this.problem === null) {
      this.read = read
      this.log('info', 'settings read again', { file: this.path })
    } else {
      this.log('error', 'bad settings: the last good ones stay in force', { errors })
    }
  }

  /** The endpoint's settings: by its whole name, or the part after the slash. */
  of(endpoint: string): Settings {
    const { endpoints } = this.read
    return (
      endpoints.get(endpoint) ??
      endpoints.get(endpoint.slice(endpoint.indexOf('/') + 1)) ??
      defaults
    )
  }

  get logOptions(): LogOptions {
    return this.read.log
  }
}

/** Changes when the file does; '' while it is away. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return ''
  }
}

function load(path: string): { read: Read; errors: string[] } {
  const read: Read = { endpoints: new Map(), log: logDefaults }
  let raw: unknown
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return { read, errors: [`${path}: ${wordsOfError(error)}`] }
  }
  const issues: Issue[] = []
  const { endpoints, log, ...others } = isMapping(raw) ? raw : { endpoints: raw }
  for (const name of Object.keys(others)) {
    issues.push({ path: name, expected: 'endpoints or log', got: JSON.stringify(name) })
  }
  if (isMapping(endpoints)) {
    for (const [name, value] of Object.entries(endpoints)) readOne(read, name, value, issues)
  } else if (endpoints !== undefined) {
    issues.push({ path: 'endpoints', expected: 'a mapping of endpoints', got: show(endpoints) })
  }
  const logRead = readLogOptions(log)
  read.log = logRead.options
  issues.push(...logRead.issues)
  return { read, errors: issues.map(issue => `${path}: ${sentence(issue)}`) }
}

function readOne(read: Read, name: string, value: unknown, issues: Issue[]): void {
  const at = `endpoints.${name}`
  if (!isMapping(value)) {
    issues.push({ path: at, expected: 'a mapping of settings', got: show(value) })
    return
  }
  const { settings, issues: wrong } = readSettings(value, at)
  read.endpoints.set(name, settings)
  issues.push(...wrong)
}
