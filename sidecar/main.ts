import { randomBytes } from 'node:crypto'
import { serve, type Served } from '../core/runtime/admin.ts'
import { systemClock } from '../core/runtime/clock.ts'
import { jsonLog } from '../core/runtime/log.ts'
import { adminRoutes } from './admin.ts'
import { Admission } from './admit/admission.ts'
import { parityOf } from './admit/limit.ts'
import type { SidecarConfig } from './config.ts'
import { engineWatch } from './engine.ts'
import { compatCarrier } from './forward/compat.ts'
import { gate } from './gate.ts'
import { measure } from './measure.ts'
import { orders } from './orders.ts'
import { page } from './page.ts'
import { passes } from './passes.ts'
import { readiness } from './ready.ts'
import { report } from './report.ts'
import { handle, type Desk } from './request.ts'
import { gpuReader } from './signals/gpu.ts'
import { resourceReader, selfReader } from './signals/resources.ts'
import { spans } from './spans.ts'
import { traffic } from './traffic.ts'
import { upgrades } from './upgrades.ts'

/** A running sidecar: its addresses, host:port each, and its end. */
export interface Sidecar {
  traffic: string
  admin: string
  metrics: string
  /** Drains: stops being ready, finishes what is in flight, then is gone. The same promise each time. */
  stop(within?: { graceMs: number; timeoutMs: number }): Promise<void>
}

/** Starts all of it, or nothing: rejects with the system's error where it can't listen or write. */
export async function startSidecar(config: SidecarConfig): Promise<Sidecar> {
  const log = jsonLog('sidecar', config.logLevel)
  const say = (sentence: string): void => log('info', sentence)
  const clock = systemClock()
  const { endpoint, revision, replica } = config
  const boot = randomBytes(9).toString('base64url')
  const first = {
    limit: config.firstLimit,
    queueUs: config.firstQueueUs,
    objectiveUs: config.objectiveUs,
  }
  const admission = new Admission(first, parityOf(replica), clock.us())
  const held = orders({
    ...config,
    now: clock.now,
    taken: order => admission.take(order),
    say: sentence => log('warn', sentence),
  })
  const kept = held.current()
  if (kept !== null) admission.resume(kept, clock.us())
  const maker =
    config.otel === null
      ? null
      : await (await import('./telemetry.ts')).spanMaker(config, config.otel, clock)
  const phase = { draining: false, closing: false }
  const engine = engineWatch(config, say)
  const desk: Desk = {
    healthPaths: config.healthPaths,
    clock,
    admission,
    gate: gate(admission, clock),
    carrier: compatCarrier(config.app, clock),
    passes: passes({ endpoint, rootKey: config.rootKey, now: clock.now }),
    spans: spans(maker),
    engine,
    closing: () => phase.closing,
    jitter: Math.random,
  }
  const open = upgrades(config.app, config.maxUpgrades, admission)
  const ready = readiness(config.app, config.readyPath)
  const samples = report(boot, clock.now)
  const metrics = page({
    labels: { endpoint, replica, revision },
    admission,
    gate: desk.gate,
    orders: held,
    dropped: desk.spans.dropped,
  })
  const routes = adminRoutes({
    orders: held,
    samples: samples.route,
    unready: () => (phase.draining ? 'draining' : ready.why()),
    drainSecret: config.drainSecret,
    beginDrain: () => void (phase.draining = true),
    present: () => ({ inFlight: admission.inFlight, queued: admission.queued }),
  })
  const metricsRoute = {
    at: 'GET /metrics',
    handle: async () => ({ status: 200, type: metrics.page.type, body: await metrics.page.text() }),
  }
  const ends: (() => unknown)[] = [ready.stop, engine.close, desk.carrier.close, desk.spans.close]
  const opened = await all(ends, [
    () => serve({ ...config.admin, routes }),
    () => serve({ ...config.metrics, routes: [metricsRoute] }),
  ])
  const front = await traffic(config.traffic, config.bodyTimeoutMs, {
    request: (request, response) => handle(desk, request, response),
    upgrade: open.accept,
  }).catch(error => undo([...ends, ...opened.map(one => one.close)], error))
  const lastSecond = measure({
    identity: { endpoint, revision, replica, boot },
    clock,
    admission,
    gate: desk.gate,
    resources:
      config.appPid === null
        ? null
        : resourceReader({ pid: config.appPid, quota: config.cpuQuota }),
    self: selfReader(process),
    gpu: config.gpus === 'none' ? null : gpuReader({ devices: config.gpus, say }),
    engine,
    causes: desk.spans.takeCauses,
    made(sample) {
      samples.add(sample)
      metrics.add(sample)
    },
  })

  async function drain(graceMs: number, timeoutMs: number): Promise<void> {
    phase.draining = true
    log('info', 'draining', { inFlight: admission.inFlight, queued: admission.queued })
    if (graceMs > 0) await new Promise(resolve => setTimeout(resolve, graceMs))
    phase.closing = true
    const timer = setTimeout(() => {
      log('warn', 'cut off', { inFlight: admission.inFlight, upgraded: open.open() })
      desk.gate.wake(admission.close(clock.us()))
      open.destroy()
      setImmediate(front.destroy)
    }, timeoutMs)
    await front.close()
    clearTimeout(timer)
    lastSecond()
    await undoAll([...ends, ...opened.map(one => one.close)])
  }
  let stopped: Promise<void> | null = null
  const [admin, metricsServer] = opened
  return {
    traffic: front.address,
    admin: admin?.address ?? '',
    metrics: metricsServer?.address ?? '',
    stop(
      { graceMs, timeoutMs } = { graceMs: config.drainGraceMs, timeoutMs: config.drainTimeoutMs },
    ) {
      return (stopped ??= drain(graceMs, timeoutMs))
    },
  }
}

/** Opens one after the other; if one fails, all that was begun is undone. */
async function all(ends: (() => unknown)[], starts: (() => Promise<Served>)[]): Promise<Served[]> {
  const opened: Served[] = []
  for (const start of starts) {
    try {
      opened.push(await start())
    } catch (error) {
      await undo([...ends, ...opened.map(one => one.close)], error)
    }
  }
  return opened
}

async function undo(ends: (() => unknown)[], error: unknown): Promise<never> {
  await undoAll(ends)
  throw error
}

async function undoAll(ends: (() => unknown)[]): Promise<void> {
  for (const end of ends) await end()
}
