import { randomUUID } from 'node:crypto'
import { HEADERS, type ReplicaTable } from '../core/model/tables.ts'
import { serve, type Route, type Served } from '../core/runtime/admin.ts'
import { call } from '../core/runtime/call.ts'
import { systemClock } from '../core/runtime/clock.ts'
import { affordable } from '../core/runtime/descriptors.ts'
import { jsonLog, once, wordsOfError, type Log } from '../core/runtime/log.ts'
import { sampleRing } from '../core/runtime/ring.ts'
import type { EdgeConfig } from './config.ts'
import { listeners, type Listeners } from './listeners.ts'
import { localRoom } from './local.ts'
import { edgeMetrics } from './metrics.ts'
import type { Room, Second } from './room.ts'
import { followTable, keptTable } from './table.ts'
import { WorkerRooms, type WorkersAround } from './workers.ts'

export interface Edge {
  /** host:port of its admin server. */
  admin: string
  /** host:port by endpoint, of the ports that are open now. */
  endpoints(): Record<string, string>
  /**
   * Is not ready from now on. After the grace: takes nothing new, ends what is held and in flight within
   * `mostMs`, then frees everything.
   */
  close(mostMs?: number, graceMs?: number): Promise<void>
}

/** A drain ends by itself: held requests have deadlines; streams in flight may take this long. */
const DRAIN_MS = 600_000

/** Starts an edge. Rejects with the system's error when its admin address can't be had. */
export async function startEdge(
  config: EdgeConfig,
  { version }: { version: string },
): Promise<Edge> {
  const log = jsonLog('edge', config.logLevel)
  const activate = activator(config, log)
  const { room, stop } = await roomOf(config, { version, activate, log })
  const ports = listeners({
    host: config.host,
    log,
    paused: config.workers > 1,
    accept: (endpoint, socket) => room.accept(endpoint, socket),
  })
  const state = { ready: false, closing: false, totals: {} as Second['totals'] }
  const report = reporter(room, totals => (state.totals = totals))
  const admin = await adminServer(config, state, ports, report.route).catch(
    async (error: unknown) => {
      report.stop()
      await room.drain(0)
      await stop()
      throw error
    },
  )
  const take = async (table: ReplicaTable): Promise<void> => {
    room.table(table)
    await ports.table(table)
    state.ready = true
  }
  const kept = keptTable(config.stateDir, log)
  if (kept !== null) await take(kept)
  const following = followTable({ ...config, log, take: table => void take(table) })
  return {
    admin: admin.address,
    endpoints: () => ports.addresses(),
    async close(mostMs = DRAIN_MS, graceMs = config.drainGraceMs) {
      state.closing = true
      room.leave()
      // Tables are followed meanwhile: replicas come and go as ever.
      if (graceMs > 0) await new Promise(resolve => setTimeout(resolve, graceMs))
      following.stop()
      ports.close()
      await room.drain(mostMs)
      report.stop()
      await stop()
      await admin.close()
    },
  }
}

async function roomOf(
  config: EdgeConfig,
  around: Omit<WorkersAround, 'connections'>,
): Promise<{ room: Room; stop(): Promise<void> }> {
  if (config.workers > 1) {
    return {
      room: new WorkerRooms(config.workers, {
        ...around,
        connections: affordable(config.bounds, around.log).connections,
      }),
      stop: () => Promise.resolve(),
    }
  }
  const { room, telemetry } = await localRoom(config, around.version, around.activate)
  return { room, stop: () => telemetry.shutdown() }
}

function adminServer(
  config: EdgeConfig,
  state: { ready: boolean; closing: boolean; totals: Second['totals'] },
  ports: Listeners,
  samples: Route,
): Promise<Served> {
  const page = edgeMetrics(config.edge, () => state.totals)
  const plain = (status: number, body: string) => ({
    status,
    body: `${body}\n`,
    type: 'text/plain',
  })
  const routes: Route[] = [
    samples,
    { at: 'GET /healthz', handle: () => plain(200, 'ok') },
    {
      at: 'GET /readyz',
      handle: () => {
        if (state.closing) return plain(503, 'draining')
        return state.ready ? plain(200, 'ok') : plain(503, 'no replica table yet')
      },
    },
    {
      at: 'GET /v1/edge',
      handle: () => ({
        status: 200,
        json: { edge: config.edge, workers: config.workers, endpoints: ports.addresses() },
      }),
    },
    {
      at: 'GET /metrics',
      handle: async () => ({ status: 200, body: await page.text(), type: page.type }),
    },
  ]
  return serve({ ...config.admin, routes, token: config.token })
}

/** Each second: a line an endpoint into the ring, and the counts for /metrics. */
function reporter(
  room: Room,
  keep: (totals: Second['totals']) => void,
): { route: Route; stop(): void } {
  const clock = systemClock()
  const boot = randomUUID()
  const ring = sampleRing(boot, () => clock.now())
  let seq = 0
  let start = clock.now()
  let startUs = clock.us()
  const timer = setInterval(() => {
    const us = clock.us() - startUs
    const mark = { boot, seq: seq++, start, us: Math.max(1, us) }
    start = clock.now()
    startUs += us
    void room.second(mark).then(second => {
      ring.push(mark.seq, second.lines)
      keep(second.totals)
    })
  }, 1000)
  return { route: ring.route, stop: () => clearInterval(timer) }
}

/** Asks the controller for a replica, at most once a second an endpoint. */
function activator(config: EdgeConfig, log: Log): (endpoint: string) => void {
  const asked = new Map<string, number>()
  const outage = once(log)
  const message = "can't ask the controller for a replica"
  return endpoint => {
    const now = performance.now()
    if (now - (asked.get(endpoint) ?? -Infinity) < 1000) return
    asked.set(endpoint, now)
    const headers = config.token === null ? {} : { [HEADERS.token]: config.token }
    call('POST', `${config.controller}/v1/activate/${endpoint}`, { headers }).then(
      ({ status }) => {
        if (status < 300) outage.again(message)
        else outage.say('warn', message, { endpoint, status })
      },
      (error: unknown) => outage.say('warn', message, { endpoint, cause: wordsOfError(error) }),
    )
  }
}
