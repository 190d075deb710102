import { check, oneOf, show, that, type Issue, type Schema } from '../../../core/model/schema.ts'
import { readSettings, settingNames, type SettingName } from '../../../core/model/settings.ts'
import { nearest } from '../../../core/model/units.ts'
import { knownAnnotations } from '../annotations.ts'
import { PREFIX } from './names.ts'

/** What people may ask on a pod template, once; docs/injection.md is tested against it. */
const path = that<string>(
  'a path that starts with /',
  v => typeof v === 'string' && v.length <= 1000 && /^\/[!-~]*$/.test(v),
)
const portText = that<string>(
  'the name of a port, or its number from 1 to 65535',
  v =>
    typeof v === 'string' &&
    (/^\d{1,5}$/.test(v)
      ? Number(v) >= 1 && Number(v) <= 65_535
      : /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(v)),
)
const containerName = that<string>(
  'the name of a container',
  v => typeof v === 'string' && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(v),
)
const httpUrl = that<string>(
  'an http:// URL',
  v =>
    typeof v === 'string' && v.length <= 2000 && URL.canParse(v) && new URL(v).protocol === 'http:',
)
const bool = oneOf('true', 'false')

const schemas = {
  inject: bool,
  mode: oneOf('rename', 'loopback'),
  port: portText,
  container: containerName,
  protocol: oneOf('http', 'https', 'grpc'),
  'ready-path': path,
  'metrics-url': httpUrl,
  'share-processes': bool,
} as const satisfies Record<string, Schema<string>>

type Name = keyof typeof schemas
export const annotationNames = Object.keys(schemas) as Name[]

export interface Asked {
  inject: boolean
  mode: 'rename' | 'loopback'
  port: string | null
  container: string | null
  protocol: 'http' | 'https' | 'grpc' | null
  readyPath: string | null
  metricsUrl: string | null
  shareProcesses: boolean
  rewritesService: boolean
  /** What is wrong with those above. */
  issues: Issue[]
  /** Names that nobody reads. */
  unknown: Issue[]
  /** Settings that the controller won't take. */
  badSettings: Issue[]
}

export function readAnnotations(all: Readonly<Record<string, string>>): Asked {
  const own = Object.entries(all)
    // An empty value is what a template engine leaves of a value that was not given.
    .filter(([name, value]) => name.startsWith(PREFIX) && value !== '')
    .map(([name, value]) => [name.slice(PREFIX.length), value] as const)
  const given = new Map(own)
  const issues: Issue[] = []
  const value = <N extends Name>(name: N): string | null => {
    const found = given.get(name)
    if (found === undefined) return null
    if (check(schemas[name], found).ok) return found
    issues.push({ path: `${PREFIX}${name}`, expected: schemas[name].expected, got: show(found) })
    return null
  }
  return {
    inject: value('inject') === 'true',
    mode: value('mode') === 'loopback' ? 'loopback' : 'rename',
    port: value('port'),
    container: value('container'),
    protocol: value('protocol') as Asked['protocol'],
    readyPath: value('ready-path'),
    metricsUrl: value('metrics-url'),
    shareProcesses: value('share-processes') === 'true',
    rewritesService: given.get('service') === 'rewrite',
    issues,
    unknown: unknownNames([...given.keys()]),
    badSettings: badSettings(given),
  }
}

/** More are noise, and to look for what each may have meant takes time that other pods wait for. */
const MOST_UNKNOWN = 10

function unknownNames(names: readonly string[]): Issue[] {
  const known: readonly string[] = [...knownAnnotations, ...settingNames]
  return names
    .filter(name => !known.includes(name) && !name.startsWith('override-'))
    .slice(0, MOST_UNKNOWN)
    .map(shortened)
    .map(name => ({
      path: `${PREFIX}${name}`,
      expected: `an annotation that Outrigger knows${nearest(name, known)}`,
      got: show(name),
    }))
}

function badSettings(given: ReadonlyMap<string, string>): Issue[] {
  const raw = [...given].filter(([name]) => settingNames.includes(name as SettingName))
  return readSettings(Object.fromEntries(raw)).issues.map(issue => ({
    ...issue,
    path: `${PREFIX}${issue.path}`,
  }))
}

/** The API server takes 63 characters at most, but it asks us before it looks. */
function shortened(name: string): string {
  return name.length > 63 ? `${name.slice(0, 60)}...` : name
}
