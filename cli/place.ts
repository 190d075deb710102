import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { logDirOf } from '../controller/journal.ts'
import { knowsCluster, openCluster } from './cluster.ts'
import { clusterWay } from './cluster-way.ts'
import { Failure, flag } from './command.ts'
import { exit } from './exit.ts'
import { localWay, urlIn } from './local-way.ts'
import type { Way } from './way.ts'

/** Where a command finds a controller and its log. */
export const DEFAULT_STATE = '.outrigger'
const DEFAULT_RELEASE = 'outrigger-system'

/** For parseArgs. */
export const placeOptions = {
  state: { type: 'string' },
  url: { type: 'string' },
  cluster: flag,
  namespace: { type: 'string', short: 'n' },
  context: { type: 'string' },
} as const

/** For --help. */
export const placeHelp = [
  '  --state DIR       state folder of `outrigger up` on this machine (.outrigger)',
  '  --url URL         a controller by its address',
  '  --cluster         the cluster of KUBECONFIG or ~/.kube/config: also where there is no state folder',
  '  --context NAME    of the kubeconfig, if not its current one',
  `  -n, --namespace NAME  where Outrigger is installed in the cluster (${DEFAULT_RELEASE})`,
]

export interface PlaceValues {
  state?: string | undefined
  url?: string | undefined
  cluster?: boolean | undefined
  namespace?: string | undefined
  context?: string | undefined
}

export type Place =
  | { kind: 'url'; url: string; state: string }
  | { kind: 'state'; dir: string }
  | { kind: 'cluster'; context: string | undefined; release: string }

/** What was said wins; else what `outrigger up` left here; else the cluster. */
export function placeOf(values: PlaceValues): Place {
  const { state, url, context, namespace } = values
  const cluster = values.cluster === true || context !== undefined || namespace !== undefined
  if (cluster && (url !== undefined || state !== undefined)) {
    const words =
      '--url and --state name a controller by themselves: leave out what names a cluster.'
    throw new Failure(exit.badInput.code, words)
  }
  if (url !== undefined)
    return { kind: 'url', url: url.replace(/\/+$/, ''), state: state ?? DEFAULT_STATE }
  if (state !== undefined) return { kind: 'state', dir: state }
  if (cluster || (!isState(DEFAULT_STATE) && knowsCluster()))
    return { kind: 'cluster', context, release: namespace ?? DEFAULT_RELEASE }
  return { kind: 'state', dir: DEFAULT_STATE }
}

function isState(dir: string): boolean {
  return existsSync(join(dir, 'platform.json')) || existsSync(logDirOf(dir))
}

/** Throws Failure where no controller is known. */
export async function wayTo(place: Place): Promise<Way> {
  if (place.kind === 'cluster') return clusterWay(await openCluster(place.context), place.release)
  return place.kind === 'url'
    ? localWay(place.url, place.state)
    : localWay(urlIn(place.dir), place.dir)
}

/** The files of the log where they are on this machine. */
export function logIn(place: Place): string | null {
  if (place.kind !== 'state') return null
  const dir = logDirOf(place.dir)
  return existsSync(dir) ? dir : null
}

/** `namespace/NAME` for a name without a namespace. */
export function endpointNamed(name: string, namespace: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`
}

/** Of an endpoint, for a URL: a name that no endpoint has asks for nothing else. */
export function endpointPath(endpoint: string): string {
  const parts = endpoint.split('/')
  if (parts.some(part => /^\.{0,2}$/.test(part)))
    throw new Failure(exit.badInput.code, `'${endpoint}' is no endpoint. See: outrigger top`)
  return parts.map(encodeURIComponent).join('/')
}

/** For people: `local/NAME` without its namespace, others whole. */
export function shortName(endpoint: string): string {
  return endpoint.replace(/^local\//, '')
}

const WHOLE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2})(:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/

/** ms since 1970 from a UTC time ("2026-01-31T03:12", "03:12" for today) or an age ("10m"). */
export function timeOf(text: string, now: number = Date.now()): number {
  const age = /^(\d{1,9})(s|m|h|d)$/.exec(text)
  if (age !== null) {
    const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[
      age[2] as 's' | 'm' | 'h' | 'd'
    ]
    return now - Number(age[1]) * unit
  }
  const clock = /^\d{1,2}:\d{2}(:\d{2})?Z?$/.test(text)
  const today = new Date(now).toISOString().slice(0, 10)
  const [, day, hour, rest, zone] = WHOLE.exec(clock ? `${today}T${text}` : text) ?? []
  // Times are UTC whether they say so or not.
  const clockTime = hour === undefined ? '00:00' : `${hour.padStart(2, '0')}${rest}`
  const time = Date.parse(`${day}T${clockTime}${zone ?? 'Z'}`)
  if (Number.isFinite(time)) return time
  const words = `'${text}' is no time. Write UTC, such as 2026-01-31T03:12:00Z or 03:12, or an age such as 10m.`
  throw new Failure(exit.badInput.code, words)
}
