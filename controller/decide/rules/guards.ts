import type { Summary } from '../../../core/model/decision.ts'
import type { Settings } from '../../../core/model/settings.ts'
import { toleranceOf } from '../bounds/limits.ts'
import type { GuardName, Sight } from '../replicas-state.ts'
import { windowOf } from '../replicas-state.ts'
import type { Want } from './want.ts'

/** CPU use below this is what an idle process takes. */
const IDLE_PERMILLE = 100
/** A guard asks for at most this multiple of the ready replicas at once, permille. */
const MOST_STEP = 2000

/** CPU use follows load, so it speaks on the way down too: need = ready x use / target, as the HPA has it. */
export function byCpu({ inputs, settings }: Sight): Want | null {
  const w = windowOf(inputs, '20')
  const use = w?.cpuPermille ?? null
  const target = settings['cpu-target']
  if (use === null || use < IDLE_PERMILLE) return null
  const want = proportional('cpu', inputs.replicas.ready, use, target, settings)
  return passing(want, w)
}

/** A backlog keeps as many replicas busy as there are, and waits: no need for just as many when it is gone. */
function passing(want: Want, w: Summary | null): Want {
  const waits = w !== null && w.queuedMilli + w.heldMilli >= 1000
  return waits ? { ...want, lastingMilli: 0 } : want
}

interface GuardReading {
  guard: GuardName
  use: number | null
  target: number
}

/** Guards that need not follow load: they speak above their target only, and while replicas help. */
export function guardReadings({ inputs, settings, limit }: Sight): GuardReading[] {
  const w = windowOf(inputs, '20')
  const waiting = windowOf(inputs, '3')?.engineWaiting ?? null
  return [
    { guard: 'memory', use: w?.memoryPermille ?? null, target: settings['memory-target'] },
    { guard: 'gpu', use: w?.gpuPermille ?? null, target: settings['gpu-target'] },
    { guard: 'kv', use: w?.kvPermille ?? null, target: settings['kv-target'] },
    { guard: 'engine-queue', use: waiting, target: Math.max(1, Math.floor(limit.limit / 10)) },
  ]
}

export const byMemory = (sight: Sight): Want | null => byGuard('memory', sight)
export const byGpu = (sight: Sight): Want | null => byGuard('gpu', sight)
export const byKvCache = (sight: Sight): Want | null => byGuard('kv', sight)

/** The engine holds requests back although the limit let them in. */
export function byEngineQueue(sight: Sight): Want | null {
  const want = byGuard('engine-queue', sight)
  const { limit, inputs } = sight
  if (want === null) return null
  const waiting = want.numbers['usePermille'] ?? 0
  const shareMilli = Math.min(MOST_STEP, 1000 + Math.round((waiting * 1000) / limit.limit))
  return {
    rule: 'engine-queue',
    needMilli: inputs.replicas.ready * shareMilli,
    numbers: { waiting, limit: limit.limit },
  }
}

function byGuard(guard: GuardName, sight: Sight): Want | null {
  const { inputs, state } = sight
  const reading = guardReadings(sight).find(r => r.guard === guard)
  const note = state.guards[guard]
  if (reading === undefined || reading.use === null || reading.use <= reading.target) return null
  // The note keeps the count at which the pressure was measured: more than it were added already.
  if (note === undefined || note.futile || note.ready !== inputs.replicas.ready) return null
  return proportional(guard, inputs.replicas.ready, reading.use, reading.target, sight.settings)
}

/** Noise above the target adds nothing: within the tolerance the need is what there is, as with the HPA. */
function proportional(
  rule: 'cpu' | GuardName,
  ready: number,
  use: number,
  target: number,
  settings: Settings,
): Want {
  const share = Math.round((use * 1000) / target)
  const noise = share > 1000 && share <= 1000 + toleranceOf(settings, 'scaleUp')
  const permille = noise ? 1000 : Math.min(MOST_STEP, share)
  return {
    rule,
    needMilli: ready * permille,
    numbers: { usePermille: use, targetPermille: target },
  }
}

/** Waits of the last 20 s that a limit which has risen since has ended are no reason for replicas. */
const WAITS_MS = 20_000

/** The tail of the wait for a slot, above half the queue deadline both just now and over 20 s. */
export function byQueueWait({ inputs, settings, limit, state, now }: Sight): Want | null {
  if (state.raisedAt !== null && now - state.raisedAt < WAITS_MS) return null
  const boundUs = Math.floor(limit.queueUs / 2)
  const w = windowOf(inputs, '20')
  const longer = w?.waitP95 ?? null
  const recent = windowOf(inputs, '3')?.waitP95 ?? null
  if (longer === null || recent === null || longer <= boundUs || recent <= boundUs) return null
  const { ready } = inputs.replicas
  const stepMilli = Math.max(
    1000,
    Math.ceil((ready * Math.max(100, settings.tolerance)) / 1000) * 1000,
  )
  const needMilli = ready * 1000 + stepMilli
  return passing({ rule: 'queue-wait', needMilli, numbers: { waitUs: longer, boundUs } }, w)
}
