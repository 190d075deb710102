import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlatformEndpoint } from '../core/model/tables.ts'
import { keepRunning, startChild, type Child, type ChildOptions, type Kept } from './child.ts'
import { gpusOf } from './gpus.ts'
import { probe } from './probe.ts'
import type { EndpointPlan } from './file.ts'
import type { Site } from './site.ts'

type ReplicaRow = PlatformEndpoint['replicas'][number]

/** A replica on this machine: the model's process and its sidecar, each supervised, on ports that stay theirs. */
export interface Replica {
  readonly row: ReplicaRow
  /** Address of the sidecar's /metrics. */
  readonly metrics: string
  /** Leaves: edges are told first, the sidecar finishes what is in flight, then the model goes. */
  stop(): Promise<void>
  /** The last line that the model said on standard error, for a person. */
  lastWords(): string
}

/** Time for edges to hear of a leaving replica before its sidecar stops listening. */
const TELL_EDGES_MS = 1000
/** Longer than the sidecar's own drain time-out, so that it ends by itself. */
const DRAIN_MS = 32_000

export interface ReplicaPorts {
  app: number
  /** For models that listen on more than one: ${PORT+1} is the first of these. */
  more: number[]
  traffic: number
  admin: number
  metrics: number
}

export function startReplica(
  site: Site,
  plan: EndpointPlan,
  name: string,
  ports: ReplicaPorts,
  changed: () => void,
): Replica {
  let leaving: Promise<void> | null = null
  const row: ReplicaRow = {
    replica: name,
    revision: plan.revision,
    state: 'starting',
    address: `${site.host}:${ports.traffic}`,
    admin: `${site.host}:${ports.admin}`,
    started: site.clock.now(),
    ready: null,
    restarts: 0,
    why: 'starting',
  }
  const logs = {
    model: join(site.folder, 'logs', `${name}.model.log`),
    sidecar: join(site.folder, 'logs', `${name}.sidecar.log`),
  }
  const ended =
    (what: string) =>
    (how: { code: number | null; signal: string | null; error: string | null }, again: boolean) => {
      if (!again) return
      row.restarts++
      row.why = `the ${what} ended (${how.error ?? how.signal ?? `exit code ${how.code}`}); see ${logs[what as keyof typeof logs]}`
      row.state = row.ready === null ? 'starting' : 'not-ready'
      changed()
    }
  const model = keepRunning(
    onEnd => startModel(site, plan, name, ports, logs.model, onEnd),
    ended('model'),
  )
  const sidecar = keepRunning(
    onEnd =>
      startChild({
        name: `${name} sidecar`,
        command: [...site.outrigger, 'sidecar'],
        directory: site.folder,
        environment: {
          ...site.environment,
          ...sidecarEnvironment(site, plan, name, ports),
        },
        logFile: logs.sidecar,
        guardian: site.guardian,
        ended: onEnd,
      }),
    ended('sidecar'),
  )
  const readiness = probe(`http://${row.admin}/readyz`, good => {
    if (row.state === 'draining') return
    const state = good ? 'ready' : row.ready === null ? 'starting' : 'not-ready'
    if (state === row.state) return
    row.state = state
    if (good) {
      row.ready ??= site.clock.now()
      row.why = null
    } else {
      row.why ??= 'the sidecar says that the model is not ready'
    }
    changed()
  })
  return {
    row,
    metrics: `${site.host}:${ports.metrics}`,
    lastWords: () => site.lastLine(logs.model),
    // Whoever asks again waits for the same end.
    stop: () => (leaving ??= leave()),
  }

  async function leave(): Promise<void> {
    const served = row.state === 'ready'
    row.state = 'draining'
    row.why = 'leaving'
    changed()
    if (served) await new Promise(done => setTimeout(done, TELL_EDGES_MS))
    readiness.stop()
    await stopInOrder(sidecar, model)
  }
}

/** The model's process; its id goes into a file where the sidecar finds it, also after a restart. */
function startModel(
  site: Site,
  plan: EndpointPlan,
  name: string,
  ports: ReplicaPorts,
  logFile: string,
  ended: ChildOptions['ended'],
): Child {
  const fill = (text: string): string => fillPlaces(text, site.host, ports)
  const child = startChild({
    name,
    command: plan.command.map(fill),
    directory: plan.directory,
    environment: {
      ...site.environment,
      ...mapValues(plan.environment, fill),
      PORT: String(ports.app),
      HOST: site.host,
    },
    logFile,
    guardian: site.guardian,
    ended,
  })
  writeFileSync(pidFile(site, name), String(child.pid ?? ''))
  return child
}

function pidFile(site: Site, name: string): string {
  return join(site.folder, 'sidecars', `${name}.pid`)
}

/** The sidecar first: it finishes what is in flight while the model still answers. */
async function stopInOrder(sidecar: Kept, model: Kept): Promise<void> {
  await sidecar.stop(DRAIN_MS)
  await model.stop(5000)
}

function sidecarEnvironment(
  site: Site,
  plan: EndpointPlan,
  name: string,
  ports: ReplicaPorts,
): Record<string, string> {
  const objective = plan.settings['latency-objective']
  const first =
    plan.settings['fixed-limit'] ??
    Math.min(plan.settings['first-limit'], objective === null ? 2 : 4)
  const gpus = gpusOf({ ...site.environment, ...plan.environment })
  return {
    OUTRIGGER_ENDPOINT: plan.endpoint,
    OUTRIGGER_REVISION: plan.revision,
    OUTRIGGER_REPLICA: name,
    OUTRIGGER_ROOT_KEY: site.rootPublicKey,
    OUTRIGGER_APP: `${site.host}:${ports.app}`,
    OUTRIGGER_TRAFFIC: `${site.host}:${ports.traffic}`,
    OUTRIGGER_ADMIN: `${site.host}:${ports.admin}`,
    OUTRIGGER_METRICS: `${site.host}:${ports.metrics}`,
    OUTRIGGER_STATE_DIR: join(site.folder, 'sidecars', name),
    OUTRIGGER_DRAIN_SECRET: site.token,
    OUTRIGGER_FIRST_LIMIT: String(first),
    OUTRIGGER_PARENT: 'stdin',
    // As the image has it: glibc keeps a heap for each thread otherwise, 3 MB in all.
    MALLOC_ARENA_MAX: '1',
    ...(plan.ready === null ? {} : { OUTRIGGER_READY_PATH: plan.ready }),
    ...(plan.metrics === null
      ? {}
      : { OUTRIGGER_METRICS_URL: fillPlaces(plan.metrics, site.host, ports) }),
    ...(gpus === null ? {} : { OUTRIGGER_GPUS: gpus }),
    ...(plan.cpuQuota === null ? {} : { OUTRIGGER_CPU_QUOTA: String(plan.cpuQuota) }),
    OUTRIGGER_APP_PID_FILE: pidFile(site, name),
  }
}

function mapValues(
  record: Record<string, string>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

const PLACES = /\$\{(?:HOST|PORT(?:\+([1-9]))?)\}/g

/** Fills ${HOST}, ${PORT} and ${PORT+1} to ${PORT+9} in. */
function fillPlaces(text: string, host: string, ports: ReplicaPorts): string {
  return text.replaceAll(PLACES, (place, more?: string) =>
    place === '${HOST}'
      ? host
      : String(more === undefined ? ports.app : ports.more[Number(more) - 1]),
  )
}

/** How many ports beside ${PORT} a plan names. */
export function morePorts(plan: EndpointPlan): number {
  const texts = [...plan.command, ...Object.values(plan.environment), plan.metrics ?? '']
  return Math.max(
    0,
    ...texts.flatMap(text => [...text.matchAll(PLACES)]).map(match => Number(match[1] ?? 0)),
  )
}
