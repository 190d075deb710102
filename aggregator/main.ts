import { randomBytes } from 'node:crypto'
import type { Targets } from '../core/model/tables.ts'
import { serve } from '../core/runtime/admin.ts'
import { systemClock, type Clock } from '../core/runtime/clock.ts'
import { jsonLog, wordsOfError, type Log } from '../core/runtime/log.ts'
import { startTelemetry } from '../core/runtime/telemetry.ts'
import { Board } from './board.ts'
import type { AggregatorConfig } from './config.ts'
import { exportOwnMetrics, exportSidecarMetrics } from './export.ts'
import { Streams } from './follow.ts'
import { figuresOf, pageOf } from './page.ts'
import { routesOf } from './serve.ts'
import { Store } from './store/store.ts'

export interface Aggregator {
  /** host:port of the admin server. */
  address: string
  close(): Promise<void>
}

/** ms after the first targets at which silent senders are no longer waited for. */
const WARM_MS = 3000

/** Starts the aggregator. Rejects with the system's error when its address can't be listened on. */
export async function startAggregator(
  config: AggregatorConfig,
  options: { version: string; log?: Log; clock?: Clock; silenceMs?: number },
): Promise<Aggregator> {
  const { version, log = jsonLog('aggregator', config.logLevel), clock = systemClock() } = options
  const telemetry = await startTelemetry({
    component: 'aggregator',
    version,
    environment: config.environment,
    log,
  })
  const exported = telemetry.on ? exportSidecarMetrics(telemetry.meter) : null
  const store = new Store(sample => exported?.add(sample))
  const silence = options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs }
  const streams = new Streams({ store, clock, log, random, ...silence })
  const board = new Board(store, clock)
  const desk = { board, store, streams }
  if (telemetry.on) exportOwnMetrics(telemetry.meter, () => figuresOf(desk))
  let firstTargets: number | null = null
  let warm = false
  function setTargets(targets: Targets['targets']): void {
    firstTargets ??= clock.us()
    store.setTargets(targets, clock.now())
    streams.set(targets)
    exported?.keep(targets)
  }
  function isWarm(): boolean {
    if (firstTargets === null) return false
    warm ||= streams.allAnswered() || clock.us() - firstTargets > WARM_MS * 1000
    return warm
  }
  const routes = routesOf({
    board,
    store,
    clock,
    page: pageOf(desk),
    setTargets,
  })
  const served = await serve({ host: config.host, port: config.port, routes, token: config.token })
  const timer = setInterval(() => {
    board.tick(isWarm()).catch((error: unknown) => {
      log('error', 'a second was not folded', { why: wordsOfError(error) })
    })
  }, 1000)
  return {
    address: served.address,
    async close() {
      clearInterval(timer)
      streams.stop()
      await served.close()
      await telemetry.shutdown()
    },
  }
}

/** 0 to 1; only spreads connections. */
function random(): number {
  return randomBytes(4).readUInt32BE(0) / 2 ** 32
}
