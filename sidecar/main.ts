import { randomBytes } from 'node:crypto'
import { serve, type Route, type Served } from '../core/runtime/admin.ts'
import { sampleRing, type SampleRing } from '../core/runtime/ring.ts'
import { systemClock, type Clock } from '../core/runtime/clock.ts'
import { jsonLog, wordsOfError, type Log } from '../core/runtime/log.ts'
import { adminRoutes, LOOK_MS } from './admin.ts'
import type { SidecarConfig } from './config.ts'
import { affordable } from '../core/runtime/descriptors.ts'
import type { Desk } from './desk.ts'
import { draining, type Draining } from './drain.ts'
import { front, type Front, type FrontOptions } from './forward/fast/front.ts'
import { dialer } from '../core/carry/pool.ts'
import { reading } from '../core/carry/reading.ts'
import { furnish } from './furnish.ts'
import { refusedHint } from './loopback.ts'
import { measure, type MeasureOptions, type Measuring } from './measure.ts'
import { orders, type Orders } from './orders.ts'
import { page, type Page } from './page.ts'
import { readiness, type Readiness } from './ready.ts'
import { handle } from './request.ts'
import { gpuReader } from './signals/gpu.ts'
import { selfReader } from './signals/resources.ts'
import { direct, presence, resources } from './sights.ts'
import { traffic, type Traffic } from './traffic.ts'
import { upgrades, type Upgrades } from './upgrades.ts'
import { admissionOf } from './wakeful.ts'

/** A running sidecar: its addresses, host:port each, and its end. */
export interface Sidecar {
  traffic: string
  admin: string
  metrics: string
  /** Telemetry is loaded, too: no request waits for that. */
  whole: Promise<void>
  /** Ends: stops being ready, finishes what is in flight, then is gone. The same promise each time. */
  stop(within?: { graceMs: number; timeoutMs: number }): Promise<void>
}

/** Starts all of it, or nothing: rejects with the system's error where it can't listen or write. */
export async function startSidecar(config: SidecarConfig): Promise<Sidecar> {
  const parts = await assemble(config)
  const listening = await listen(config, parts).catch(async (error: unknown) => {
    await undo(parts.ends)
    throw error
  })
  const whole = telemetry(config, parts)
  const slow = setTimeout(() => {
    const why = whyUnready(config, parts)
    if (why !== null) parts.log('warn', 'the model is not ready yet', { why })
  }, SLOW_START_MS)
  const seconds = measure(measuring(config, parts))
  parts.seconds.wake = seconds.wake
  parts.seconds.catchUp = seconds.catchUp
  let stopped: Promise<void> | null = null
  return {
    traffic: listening.front.address,
    admin: listening.admin.address,
    metrics: listening.metrics.address,
    whole,
    stop(
      { graceMs, timeoutMs } = { graceMs: config.drainGraceMs, timeoutMs: config.drainTimeoutMs },
    ) {
      clearTimeout(slow)
      stopped ??= end(parts, listening.front, graceMs, timeoutMs).then(async () => {
        seconds.stop()
        await whole
        return undo(parts.ends)
      })
      return stopped
    },
  }
}

/** A model that is not ready by then is worth a line. */
const SLOW_START_MS = 15_000

function whyUnready(
  config: SidecarConfig,
  { readiness, desk, clock, bornUs }: Parts,
): string | null {
  const why = readiness.why()
  if (why !== null) return why + refusedHint(why, config)
  const waits =
    desk.admission.state.order === null && clock.us() < bornUs + config.orderWaitMs * 1000
  return waits ? 'no order is in force yet' : null
}

interface Parts {
  log: Log
  clock: Clock
  drains: Draining
  desk: Desk
  orders: Orders
  upgrades: Upgrades
  readiness: Readiness
  /** Nobody uses the model. */
  resting(): boolean
  /** This life of the process, and when it began. */
  boot: string
  bornUs: number
  ring: SampleRing
  page: Page
  /** Those that are being measured, once they are. */
  seconds: Omit<Measuring, 'stop'>
  /** What ends with the process, in this order. */
  ends: (() => unknown)[]
}

async function assemble(config: SidecarConfig): Promise<Parts> {
  const log = jsonLog('sidecar', config.logLevel)
  const clock = systemClock()
  const { endpoint, revision, replica } = config
  const admission = admissionOf(config, clock)
  const seconds: Parts['seconds'] = { wake: () => {}, catchUp: () => {} }
  admission.before = () => seconds.wake()
  const held = orders({
    ...config,
    now: clock.now,
    taken: order => admission.take(order),
    say: sentence => log('warn', sentence),
  })
  const kept = held.current()
  if (kept !== null) admission.resume(kept, clock.us())
  const up = upgrades(
    config.app,
    { most: config.maxUpgrades, headers: config.bounds.headers },
    admission,
  )
  const { seen, resting } = presence(admission, up, clock)
  const ready = readiness({
    app: config.app,
    path: config.readyPath,
    clock,
    hurried: () => drains.restarting(),
    resting,
  })
  const drains = draining({
    times: config.drainTimes,
    clock,
    log,
    sight: () => ({ ...seen(), model: ready.last() }),
    begun: () => seconds.wake(),
  })
  const desk = furnish(config, { log, clock, admission, drains })
  const boot = randomBytes(9).toString('base64url')
  return {
    log,
    clock,
    drains,
    desk,
    orders: held,
    upgrades: up,
    readiness: ready,
    resting,
    boot,
    bornUs: clock.us(),
    ring: sampleRing(boot, clock.now, follows => (follows ? seconds.wake() : seconds.catchUp())),
    seconds,
    page: page({
      labels: { endpoint, replica, revision },
      admission,
      gate: desk.gate,
      orders: held,
      dropped: desk.spans.dropped,
    }),
    ends: [drains.stop, ready.stop, desk.engine.close, desk.carrier.close, desk.spans.close],
  }
}

/** Loaded only where there is a back end, since it costs memory, and only after we listen, since it takes its time. */
async function telemetry(config: SidecarConfig, { desk, clock, log }: Parts): Promise<void> {
  if (config.otel === null) return
  try {
    const { spanMaker } = await import('./telemetry.ts')
    desk.spans.make(spanMaker(config, config.otel, clock))
  } catch (error) {
    log('error', 'there are no spans', { why: wordsOfError(error) })
  }
}

/** The three ports; what was opened before one failed is among `ends`. */
async function listen(
  config: SidecarConfig,
  parts: Parts,
): Promise<{ admin: Served; metrics: Served; front: Traffic }> {
  const { desk, drains, ends } = parts
  const { admission } = desk
  const routes = adminRoutes({
    orders: parts.orders,
    samples: parts.ring.route,
    async unready() {
      if (drains.on()) return 'draining'
      await parts.readiness.fresh()
      return whyUnready(config, parts)
    },
    drainSecret: config.drainSecret,
    drains,
    present: () => ({ inFlight: admission.inFlight, queued: admission.queued }),
  })
  const { page: shown } = parts.page
  const shows: Route = {
    at: 'GET /metrics',
    async handle() {
      parts.seconds.catchUp()
      return { status: 200, type: shown.type, body: await shown.text() }
    },
  }
  const admin = await serve({ ...config.admin, routes, lookMs: LOOK_MS })
  ends.push(admin.close)
  const metrics = await serve({ ...config.metrics, routes: [shows], lookMs: LOOK_MS })
  ends.push(metrics.close)
  const bounds = affordable(config.bounds, parts.log)
  const front = await traffic(config.traffic, bounds, {
    request: (request, response) => handle(desk, request, response),
    passes: desk.passes,
    upgrade: parts.upgrades.accept,
    unread: desk.unread,
    fast: config.carrier === 'compat' ? null : handOver => fastFront(config, parts.desk, handOver),
    h2: async () => (await import('./forward/h2/front.ts')).h2Front({ ...config, desk }),
  })
  parts.page.watch(() => {
    const { clients, links } = front.open()
    return { client: clients, model: links + desk.carrier.open() + parts.upgrades.open() }
  })
  return { admin, metrics, front }
}

function fastFront(
  { app, bounds }: SidecarConfig,
  desk: Desk,
  handOver: FrontOptions['handOver'],
): Front {
  const seconds = Math.floor(bounds.idleTimeoutMs / 1000)
  return front({
    ...bounds,
    bounds,
    desk,
    reading,
    dial: dialer(app),
    keepAlive: `connection: keep-alive\r\nkeep-alive: timeout=${seconds}\r\n`,
    handOver,
  })
}

function measuring(
  config: SidecarConfig,
  { clock, desk, drains, log, boot, ring, page, readiness: ready, resting }: Parts,
): MeasureOptions {
  const { endpoint, revision, replica, gpus } = config
  return {
    identity: { endpoint, revision, replica, boot },
    clock,
    admission: desk.admission,
    gate: desk.gate,
    draining: drains.on,
    resources: resources(config, log),
    self: selfReader(process),
    gpu:
      gpus === 'none' ? null : gpuReader({ devices: gpus, say: sentence => log('info', sentence) }),
    engine: desk.engine,
    direct: direct(config),
    causes: desk.spans.takeCauses,
    resting,
    restful: ring.restful,
    rested(second) {
      ring.keep(second.seq, second)
      page.add(second)
    },
    made(sample) {
      ring.push(sample.seq, [sample])
      page.add(sample)
      ready.tick()
    },
  }
}

/** Stops being ready, stops listening, and waits for what is in flight; cuts off what takes too long. */
async function end(
  { log, drains, desk, upgrades, clock }: Parts,
  front: Traffic,
  graceMs: number,
  timeoutMs: number,
): Promise<void> {
  const { admission, gate } = desk
  drains.leave()
  log('info', 'ending', { inFlight: admission.inFlight, queued: admission.queued })
  if (graceMs > 0) await new Promise(resolve => setTimeout(resolve, graceMs))
  const timer = setTimeout(() => {
    log('warn', 'cut off', { inFlight: admission.inFlight, upgraded: upgrades.open() })
    gate.wake(admission.close(clock.us()))
    upgrades.destroy()
    setImmediate(front.destroy)
  }, timeoutMs)
  await front.close()
  clearTimeout(timer)
}

async function undo(ends: (() => unknown)[]): Promise<void> {
  for (const end of ends) await end()
}
