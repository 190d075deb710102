import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { kubectl } from '../machine/kubectl.ts'
import { binary } from '../machine/places.ts'

/** What the cluster's tests have in common: our own installation, and questions to the API server. */

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..', '..')

export const SYSTEM = 'outrigger-system'

/** Values for a machine of two cores: little is asked for, and the log goes with the pod. */
const SMALL = [
  'image.repository=outrigger',
  'image.tag=dev',
  'controller.persistence.enabled=false',
  'controller.resources.requests.cpu=10m',
  'aggregator.resources.requests.cpu=10m',
  'edge.resources.requests.cpu=10m',
]

export async function helm(args: string[]): Promise<string> {
  const { stdout } = await run(binary('helm'), args, { timeout: 300_000, maxBuffer: 1e8 })
  return stdout
}

/** The chart of this tree, and that of the version before, as it was released. */
const CHART = join(root, 'deploy', 'chart')
export const FORMER = join(root, 'test', 'cluster', 'charts', 'outrigger-0.1.0.tgz')

/** Installs a chart, or changes the release to it and to these values, and waits until all of it is ready. */
export async function install(
  values: string[] = [],
  namespace = SYSTEM,
  chart = CHART,
): Promise<void> {
  const sets = [...SMALL, ...values].flatMap(value => ['--set', value])
  const where = ['--namespace', namespace, '--create-namespace']
  await helm(['upgrade', '--install', 'outrigger', chart, ...where, ...sets])
  await until(`all of ${namespace} is ready`, () => allReady(namespace), { seconds: 120 })
}

export async function uninstall(namespace = SYSTEM): Promise<void> {
  await helm(['uninstall', 'outrigger', '--namespace', namespace, '--wait', '--ignore-not-found'])
  // A namespace that is deleted while its pods drain is looked at again after half of their grace period only.
  const pods = ['-n', namespace, 'get', 'pods']
  const left = async (): Promise<number> => (await json<{ items: Pod[] }>(pods)).items.length
  await until(`no pods in ${namespace}`, async () => (await left()) === 0, { seconds: 120 })
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=true'])
}

async function allReady(namespace: string): Promise<boolean> {
  const { items } = await json<{ items: Pod[] }>(['-n', namespace, 'get', 'pods'])
  return items.length >= 3 && items.every(isReady)
}

export interface Pod {
  metadata: {
    name: string
    namespace: string
    uid: string
    creationTimestamp: string
    deletionTimestamp?: string
    annotations?: Record<string, string>
    labels?: Record<string, string>
  }
  spec: {
    nodeName?: string
    initContainers?: { name: string; image: string }[]
    containers: { name: string }[]
  }
  status: {
    phase: string
    podIP?: string
    conditions?: { type: string; status: string }[]
    containerStatuses?: { name: string; restartCount: number; containerID?: string }[]
    initContainerStatuses?: { name: string; restartCount: number; containerID?: string }[]
  }
}

export function isReady({ metadata, status }: Pod): boolean {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')
  return metadata.deletionTimestamp === undefined && ready?.status === 'True'
}

export async function json<T>(args: string[]): Promise<T> {
  return JSON.parse(await kubectl([...args, '-o', 'json'])) as T
}

/** Pods of an app that are not on their way out. */
export async function podsOf(namespace: string, app: string): Promise<Pod[]> {
  const { items } = await json<{ items: Pod[] }>([
    '-n',
    namespace,
    'get',
    'pods',
    '-l',
    `app=${app}`,
  ])
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

/** Our own pods of a component. */
export async function own(component: string): Promise<Pod[]> {
  const selector = `app.kubernetes.io/component=${component}`
  const { items } = await json<{ items: Pod[] }>(['-n', SYSTEM, 'get', 'pods', '-l', selector])
  return items
}

export function hasSidecar(pod: Pod): boolean {
  return pod.spec.initContainers?.some(({ name }) => name === 'outrigger') === true
}

/** Waits until it is so, and gives what `find` found. */
export async function until<T>(
  what: string,
  find: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { seconds = 60 }: { seconds?: number } = {},
): Promise<T> {
  const deadline = performance.now() + seconds * 1000
  let last: unknown = null
  for (;;) {
    try {
      const found = await find()
      if (found) return found
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) {
      const why = last instanceof Error ? `; ${last.message}` : ''
      throw new Error(`${what}: not within ${seconds} s${why}`)
    }
    await sleep(250)
  }
}

export { kubectl }
