import { Unread } from '../core/carry/unread.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Log } from '../core/runtime/log.ts'
import type { Admission } from './admit/admission.ts'
import type { SidecarConfig } from './config.ts'
import type { Desk } from './desk.ts'
import type { Draining } from './drain.ts'
import { engineWatch } from './engine.ts'
import { compatCarrier } from './forward/compat.ts'
import { gate } from './gate.ts'
import { passes } from './passes.ts'
import { spans } from './spans.ts'

interface Around {
  log: Log
  clock: Clock
  admission: Admission
  drains: Draining
}

/** Puts on the desk what requests pass by. */
export function furnish(config: SidecarConfig, { log, clock, admission, drains }: Around): Desk {
  const { endpoint, rootKey, bounds } = config
  return {
    healthPaths: config.healthPaths,
    mostHeaders: bounds.headers,
    clock,
    admission,
    gate: gate(admission, clock),
    carrier: compatCarrier(config.app, clock),
    passes: passes({ endpoint, rootKey, now: clock.now }),
    spans: spans(null),
    engine: engineWatch(config, sentence => log('info', sentence)),
    unread: new Unread(bounds.unreadBytes, bounds.bodyTimeoutMs),
    closing: drains.on,
    jitter: Math.random,
  }
}
