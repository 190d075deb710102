import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument, isNode, type Document } from 'yaml'
import { readLogOptions } from '../core/model/log-options.ts'
import { canonical } from '../core/model/canonical.ts'
import {
  check,
  int,
  isMapping,
  list,
  map,
  object,
  optional,
  text,
  that,
  sentence,
  type Issue,
  type Schema,
} from '../core/model/schema.ts'
import { readSettings, type Settings } from '../core/model/settings.ts'
import { milliseconds } from '../core/model/units.ts'
import { readTraffic, trafficSchema, type Traffic } from './traffic/plan.ts'

/** outrigger.yaml: which models to run, and what they need. See docs/outrigger-yaml.md. */
export interface EndpointPlan {
  /** `local/NAME`. */
  endpoint: string
  name: string
  command: string[]
  directory: string
  environment: Record<string, string>
  /** Where clients send; 0 for any free port. */
  port: number
  /** Path that answers 200 to 399 when the model is ready; null: ready when its port accepts. */
  ready: string | null
  readyWithinMs: number
  /** Cores x 1000 that the model can use; null: what the kernel allows. */
  cpuQuota: number | null
  /** The engine's metrics, with ${PORT} filled in; null: looked for. */
  metrics: string | null
  revision: string
  settings: Settings
  /** As written, for the controller. */
  raw: Record<string, unknown>
}

export interface Plan {
  file: string
  endpoints: EndpointPlan[]
  log: Record<string, unknown>
  traffic: Traffic[]
  /** Port of the live page; null: the usual one, or a free one when that is taken. */
  page: number | null
}

const duration: Schema<string> = that(
  'a duration with its unit, such as 30s',
  v => milliseconds(v) !== null,
)
const words = that<string | number | boolean>('a string, a number or true/false', v =>
  ['string', 'number', 'boolean'].includes(typeof v),
)
const cores = that<number>(
  'a number of cores from 0.01 to 1024',
  v => typeof v === 'number' && v >= 0.01 && v <= 1024,
)
const path = text(500, /^\//, 'a path that begins with /')
const modelName = text(
  50,
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  'a name of lower-case letters, digits and dashes',
)

const endpointSchema = object(
  {
    command: list(text(4000), 200, 'a list of words, such as [python, serve.py]'),
    directory: optional(text(4000)),
    environment: optional(map(words, 200)),
    port: optional(int(0, 65_535)),
    ready: optional(path),
    'ready-within': optional(duration),
    cpu: optional(cores),
    metrics: optional(text(500, /^http:\/\//, 'a URL that begins with http://')),
    settings: optional(
      map(
        that('a value', () => true),
        100,
      ),
    ),
  },
  { strict: true },
)
const fileSchema = object(
  {
    endpoints: map(endpointSchema, 100, modelName),
    log: optional(
      map(
        that('a value', () => true),
        20,
      ),
    ),
    traffic: optional(list(trafficSchema, 100)),
    page: optional(int(0, 65_535)),
  },
  { strict: true },
)

/** The plan, or every error in words with its line. */
export function readPlan(file: string): { plan: Plan } | { errors: string[] } {
  const where = resolve(file)
  let source: string
  try {
    source = readFileSync(where, 'utf8')
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? 'there is no such file'
        : String(error)
    return { errors: [`${file}: ${why}. Name it with -f FILE.`] }
  }
  const counter = new LineCounter()
  const document = parseDocument(source, { lineCounter: counter, prettyErrors: false })
  if (document.errors.length > 0) {
    return {
      errors: document.errors.map(
        error => `${file}:${counter.linePos(error.pos[0]).line}: not YAML: ${error.message}`,
      ),
    }
  }
  const issues: Issue[] = []
  const plan = build(where, document.toJS({ maxAliasCount: 100 }) as unknown, issues)
  if (plan !== null && issues.length === 0) return { plan }
  return {
    errors: issues.map(
      issue => `${file}${lineOf(document, counter, issue.path)}: ${sentence(issue)}`,
    ),
  }
}

function build(file: string, value: unknown, issues: Issue[]): Plan | null {
  const checked = check(fileSchema, value)
  if (!checked.ok) issues.push(...checked.issues)
  // Settings are looked at even when the rest is wrong, so that every error is said at once.
  const raw = isMapping(value) && isMapping(value['endpoints']) ? value['endpoints'] : {}
  const settings = new Map<string, Settings>()
  for (const [name, entry] of Object.entries(raw)) {
    const own = isMapping(entry) && isMapping(entry['settings']) ? entry['settings'] : {}
    const read = readSettings(own, `endpoints.${name}.settings`)
    issues.push(...read.issues)
    settings.set(name, read.settings)
  }
  issues.push(...readLogOptions(isMapping(value) ? value['log'] : undefined).issues)
  if (!checked.ok) return null
  const { endpoints, log = {}, traffic = [], page } = checked.value
  if (Object.keys(endpoints).length === 0) {
    issues.push({ path: 'endpoints', expected: 'at least one endpoint', got: 'none' })
  }
  return {
    file,
    page: page ?? null,
    log,
    traffic: readTraffic(traffic, file, new Set(Object.keys(endpoints)), issues),
    endpoints: Object.entries(endpoints).map(([name, entry]): EndpointPlan => {
      if (entry.command.length === 0) {
        issues.push({
          path: `endpoints.${name}.command`,
          expected: 'a list of words, such as [python, serve.py]',
          got: 'an empty list',
        })
      }
      const environment = Object.fromEntries(
        Object.entries(entry.environment ?? {}).map(([key, v]) => [key, String(v)]),
      )
      const directory = resolve(dirname(file), entry.directory ?? '.')
      return {
        endpoint: `local/${name}`,
        name,
        command: entry.command,
        directory,
        environment,
        port: entry.port ?? 0,
        ready: entry.ready ?? null,
        readyWithinMs: milliseconds(entry['ready-within'] ?? '60s') ?? 60_000,
        cpuQuota: entry.cpu === undefined ? null : Math.round(entry.cpu * 1000),
        metrics: entry.metrics ?? null,
        revision: revisionOf({
          command: entry.command,
          environment,
          directory,
          cpu: entry.cpu ?? null,
        }),
        settings: settings.get(name) as Settings,
        raw: entry.settings ?? {},
      }
    }),
  }
}

/** What makes the model behave differently, hashed. */
function revisionOf(what: Record<string, unknown>): string {
  return createHash('sha256').update(canonical(what)).digest('hex').slice(0, 16)
}

function lineOf(document: Document, counter: LineCounter, path: string): string {
  const keys = path
    .split(/[.[\]]+/)
    .filter(key => key !== '')
    .map(key => (/^\d+$/.test(key) ? Number(key) : key))
  for (let length = keys.length; length > 0; length--) {
    const node = document.getIn(keys.slice(0, length), true)
    if (isNode(node) && node.range) return `:${counter.linePos(node.range[0]).line}`
  }
  return ''
}
