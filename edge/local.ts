import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Kept } from '../core/carry/kept.ts'
import { dialer } from '../core/carry/pool.ts'
import { realTime } from '../core/carry/time.ts'
import { Unread } from '../core/carry/unread.ts'
import { systemClock } from '../core/runtime/clock.ts'
import { affordable } from '../core/runtime/descriptors.ts'
import { jsonLog } from '../core/runtime/log.ts'
import { residentReader } from '../core/runtime/resident.ts'
import { startTelemetry, type Telemetry } from '../core/runtime/telemetry.ts'
import type { EdgeConfig } from './config.ts'
import type { SelfCost } from './line.ts'
import { HELD_BYTES, mostHeld } from './memory.ts'
import { Places } from './places.ts'
import { LocalRoom } from './room.ts'
import { edgeSpans } from './spans.ts'

/** The endpoints in this process, with the real clock, chance and telemetry around them. */
export async function localRoom(
  config: EdgeConfig,
  version: string,
  activate: (endpoint: string) => void,
  processes = 1,
): Promise<{ room: LocalRoom; telemetry: Telemetry }> {
  const clock = systemClock()
  const log = jsonLog('edge', config.logLevel)
  const telemetry = await startTelemetry({
    component: 'edge',
    version,
    attributes: { 'outrigger.edge': config.edge },
    environment: config.environment,
    log,
  })
  const room = new LocalRoom(
    {
      edge: config.edge,
      clock,
      time: realTime,
      dial: dialer,
      random: Math.random,
      log,
      spans: edgeSpans(telemetry, clock),
      places: new Places(mostHeld(processes)),
      bounds: affordable(config.bounds, log),
      unread: new Unread(config.bounds.unreadBytes, config.bounds.bodyTimeoutMs),
      kept: new Kept(mostHeld(processes) * HELD_BYTES),
      activate,
    },
    ownCost(),
  )
  return { room, telemetry }
}

/** What this process itself cost since the last call. */
function ownCost(): () => SelfCost {
  let before = process.cpuUsage()
  const rss = residentReader(() => process.memoryUsage.rss())
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  return () => {
    const now = process.cpuUsage()
    const cpuUs = now.user + now.system - before.user - before.system
    before = now
    const delayUs = Math.max(0, Math.round(delay.max / 1000) - 20_000)
    delay.reset()
    return { cpuUs, rss: rss(), delayUs }
  }
}
