import type { Clock } from '../core/runtime/clock.ts'
import type { Log } from '../core/runtime/log.ts'
import { Drain, type DrainSight, type DrainTimes, type HookKind } from './admit/drain.ts'

/** The clock and the waiting around the pure drain. */
export interface Draining {
  /** Not ready, and each answer ends its connection; requests are taken all the same. */
  on(): boolean
  /** The model's container alone is stopping: it will be back. */
  restarting(): boolean
  /** Resolves when Kubernetes may go on. */
  hook(kind: HookKind): Promise<Drained>
  /** For good: SIGTERM, or whoever knows the secret. */
  leave(): void
  /** Answers the hooks that still wait. */
  stop(): void
}

export interface Drained {
  /** `ended`: the sidecar itself was told to end first. */
  how: 'drained' | 'late' | 'ended'
  waitedMs: number
  /** What is left, and will be cut off when the model ends. */
  left: number
}

const LOOK_MS = 50

const words: Record<HookKind, string> = {
  app: 'draining: the container of the model is about to stop',
  pod: 'draining: the pod is about to go',
}

export function draining(options: {
  times: DrainTimes
  clock: Clock
  log: Log
  sight(): DrainSight
  /** Told when one begins. */
  begun(): void
}): Draining {
  const { times, clock, log, sight, begun } = options
  const drain = new Drain(times)
  const callers = new Map<number, (drained: Drained) => void>()
  let lastId = 0
  let timer: NodeJS.Timeout | null = null

  function answer(id: number, drained: Drained): void {
    log(drained.how === 'late' ? 'warn' : 'info', 'a drain hook is answered', { ...drained })
    callers.get(id)?.(drained)
    callers.delete(id)
  }

  function look(): void {
    const seen = sight()
    const before = drain.phase
    for (const { id, how, waitedUs } of drain.look(clock.us(), seen)) {
      answer(id, { how, waitedMs: Math.round(waitedUs / 1000), left: seen.present })
    }
    if (before !== drain.phase) log('info', 'serving again: the model is back')
    if (drain.waiting > 0 || drain.phase === 'restarting') return
    if (timer !== null) clearInterval(timer)
    timer = null
  }

  return {
    on: () => drain.phase !== 'serving',
    restarting: () => drain.phase === 'restarting',
    leave() {
      drain.leave(clock.us())
      begun()
    },
    hook(kind) {
      const id = ++lastId
      drain.hook(kind, id, clock.us())
      begun()
      log('info', words[kind], { present: sight().present })
      timer ??= setInterval(look, LOOK_MS)
      return new Promise(resolve => callers.set(id, resolve))
    },
    stop() {
      if (timer !== null) clearInterval(timer)
      timer = null
      const { present: left } = sight()
      for (const id of callers.keys()) answer(id, { how: 'ended', waitedMs: 0, left })
    },
  }
}
