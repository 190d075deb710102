import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ports as usual } from '../core/model/ports.ts'
import { serve, type Served } from '../core/runtime/admin.ts'
import { systemClock } from '../core/runtime/clock.ts'
import { rootKeys } from '../core/runtime/keys.ts'
import { startComponent, type Component } from './components.ts'
import type { LocalEnvironment } from './config.ts'
import { countRequests, type Counts } from './counts.ts'
import type { Plan } from './file.ts'
import { startGuardian } from './guardian.ts'
import { localPlatform } from './platform.ts'
import { scrapeRoute } from './scrape.ts'
import { freePort, portProblem } from './ports.ts'
import { lastLine, type Site } from './site.ts'
import { allReady } from './wait.ts'

/** All of Outrigger on this machine: aggregator, controller, edge, and each replica with its sidecar. */
export interface Up {
  /** URL of the live page and of the controller. */
  page: string
  /** Endpoint -> where clients send. */
  urls: Record<string, string>
  counts(endpoint: string): Counts
  replicas(endpoint: string): { min: number; max: number; now: number }
  /** Drains and stops everything, in the order in which nothing is lost. */
  stop(): Promise<void>
}

export interface UpOptions {
  folder: string
  host: string
  environment: LocalEnvironment
  /** Words for people, a sentence at a time. */
  says: (sentence: string) => void
  /** How to start our own command. */
  outrigger: string[]
  /** Rejects the start when the person gives up meanwhile. */
  signal: AbortSignal
}

const LAST_SECOND_MS = 1500

export async function up(plan: Plan, options: UpOptions): Promise<Up> {
  const { folder, host, says } = options
  const keys = rootKeys(join(folder, 'keys'))
  const site: Site = {
    folder: resolve(folder),
    host,
    clock: systemClock(),
    guardian: startGuardian(),
    outrigger: options.outrigger,
    environment: options.environment.inherited,
    token: randomBytes(24).toString('hex'),
    rootPublicKey: keys.publicKey,
    lastLine,
  }
  writeFileSync(join(folder, 'token'), site.token, { mode: 0o600 })
  mkdirSync(join(folder, 'sidecars'), { recursive: true })
  const stops: (() => Promise<unknown> | void)[] = [() => site.guardian.close()]
  const stop = async (): Promise<void> => {
    for (const undo of stops.splice(0).toReversed()) await undo()
  }
  try {
    return await startAll(plan, options, site, stops, stop)
  } catch (error) {
    says('Stopping what was started.')
    await stop()
    throw error
  }
}

async function startAll(
  plan: Plan,
  options: UpOptions,
  site: Site,
  stops: (() => Promise<unknown> | void)[],
  stop: () => Promise<void>,
): Promise<Up> {
  const { host, says } = options
  const at = await choosePorts(plan, host)
  const edgePorts = new Map(
    plan.endpoints.map((endpoint, i) => [endpoint.endpoint, at.endpoints[i] ?? 0]),
  )
  const peers = {
    aggregator: `${host}:${at.aggregator}`,
    edges: [{ edge: 'edge-1', admin: `${host}:${at.edge}` }],
  }
  const platform = localPlatform(site, plan.endpoints, edgePorts, () => peers)
  const scrape = scrapeRoute(() => ({
    controller: [`${host}:${at.controller}`],
    aggregator: [peers.aggregator],
    edge: peers.edges.map(({ admin }) => admin),
    sidecar: platform.metrics(),
  }))
  const routes = [...platform.routes, scrape]
  const server: Served = await serve({ host, port: 0, routes, token: site.token })
  stops.push(() => server.close())

  const controllerUrl = `http://${host}:${at.controller}`
  const components = startComponents(
    plan,
    site,
    { controllerUrl, platformUrl: `http://${server.address}`, at },
    says,
  )
  stops.push(() => stopAll(components))
  const counting = countRequests(`${host}:${at.edge}`)
  stops.push(async () => {
    // The edge tells of its last second after that second.
    await new Promise(told => setTimeout(told, LAST_SECOND_MS))
    counting.stop()
  })
  // Replicas leave while the edge still serves and the controller still listens to it.
  stops.push(() => platform.stop())
  await platform.start()

  await allReady(plan.endpoints, platform, components, { host, at, signal: options.signal })
  const urls = Object.fromEntries(
    plan.endpoints.map((endpoint, i) => [endpoint.endpoint, `http://${host}:${at.endpoints[i]}`]),
  )
  writePlaces(site.folder, {
    pid: process.pid,
    controller: controllerUrl,
    aggregator: `http://${peers.aggregator}`,
    edge: `http://${host}:${at.edge}`,
    platform: `http://${server.address}`,
    endpoints: urls,
  })
  stops.push(() => rmSync(join(site.folder, 'platform.json'), { force: true }))
  const traffic = startTraffic(plan, site, urls, says)
  if (traffic !== null) stops.push(() => traffic.stop(12_000))
  return { page: `${controllerUrl}/`, urls, counts: counting.of, replicas: platform.extremes, stop }
}

interface Places {
  aggregator: number
  controller: number
  edge: number
  endpoints: number[]
}

async function choosePorts(plan: Plan, host: string): Promise<Places> {
  const page =
    plan.page ??
    ((await portProblem(usual.controller.port, host)) === null ? usual.controller.port : 0)
  return {
    aggregator: await freePort(host),
    controller: page === 0 ? await freePort(host) : page,
    edge: await freePort(host),
    endpoints: await Promise.all(
      plan.endpoints.map(async ({ port }) => (port === 0 ? freePort(host) : port)),
    ),
  }
}

function startComponents(
  plan: Plan,
  site: Site,
  where: { controllerUrl: string; platformUrl: string; at: Places },
  says: (sentence: string) => void,
): Component[] {
  const { host, folder } = site
  const settingsFile = join(folder, 'settings.json')
  const endpoints = Object.fromEntries(
    plan.endpoints.map(endpoint => [endpoint.endpoint, endpoint.raw]),
  )
  writeFileSync(settingsFile, `${JSON.stringify({ endpoints, log: plan.log }, null, 2)}\n`)
  return [
    startComponent(site, 'aggregator', { OUTRIGGER_ADMIN: `${host}:${where.at.aggregator}` }, says),
    startComponent(
      site,
      'controller',
      {
        OUTRIGGER_ADMIN: `${host}:${where.at.controller}`,
        OUTRIGGER_PLATFORM: where.platformUrl,
        OUTRIGGER_SETTINGS_FILE: settingsFile,
        OUTRIGGER_STATE_DIR: folder,
      },
      says,
    ),
    startComponent(
      site,
      'edge',
      {
        OUTRIGGER_ADMIN: `${host}:${where.at.edge}`,
        OUTRIGGER_CONTROLLER: where.controllerUrl,
        OUTRIGGER_EDGE: 'edge-1',
        OUTRIGGER_EDGE_HOST: host,
        OUTRIGGER_STATE_DIR: join(folder, 'edge'),
      },
      says,
    ),
  ]
}

/** Where everything listens, for the other commands. Whole or not there: it is renamed into its place. */
function writePlaces(folder: string, places: object): void {
  const file = join(folder, 'platform.json')
  writeFileSync(`${file}.new`, `${JSON.stringify(places, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

/** Traffic of the plan, if it has any: a process of its own, stopped before all else. */
function startTraffic(
  plan: Plan,
  site: Site,
  urls: Record<string, string>,
  says: (sentence: string) => void,
): Component | null {
  if (plan.traffic.length === 0) return null
  const file = join(site.folder, 'traffic.json')
  const short = Object.fromEntries(
    plan.endpoints.map(endpoint => [endpoint.name, urls[endpoint.endpoint]]),
  )
  writeFileSync(file, `${JSON.stringify({ urls: short, traffic: plan.traffic }, null, 2)}\n`)
  return startComponent(site, 'traffic', {}, says, [file])
}

async function stopAll(components: Component[]): Promise<void> {
  // The edge first: it answers what it holds. Then the controller, which records to the end.
  for (const component of components.toReversed()) await component.stop(10_000)
}
