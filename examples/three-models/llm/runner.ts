import { abort, advance, createEngine, schedule, submit } from './engine.ts'
import type { Engine, EngineSettings } from './engine.ts'

/** What a sequence hears: one call a token, `last` with the final one. */
type Listener = (last: boolean) => void

type Runner = {
  /** The engine as it is now. */
  engine: () => Engine
  /** Queues a sequence; the function returned aborts it and frees its blocks. */
  submit: (promptTokens: number, maxTokens: number, listener: Listener) => () => void
}

/** Behind by more than this (ms), the runner forgets the delay instead of running steps in a burst. */
const FORGIVEN_MS = 100

/** Runs the engine in real time: one timer a step. `speed` 2 runs it twice as fast. */
export function createRunner(settings: EngineSettings, speed: number): Runner {
  const listeners = new Map<number, Listener>()
  let engine = createEngine(settings)
  let nextId = 0
  let busy = false

  function begin(at: number): void {
    const scheduled = schedule(engine)
    engine = scheduled.engine
    busy = scheduled.us > 0
    const due = at + scheduled.us / 1000 / speed
    if (busy) setTimeout(end, Math.max(0, due - performance.now()), due)
  }

  function end(due: number): void {
    const { engine: after, emitted, finished } = advance(engine)
    engine = after
    for (const id of emitted) {
      const last = finished.includes(id)
      const listener = listeners.get(id)
      if (last) listeners.delete(id)
      listener?.(last)
    }
    const now = performance.now()
    begin(now - due > FORGIVEN_MS ? now : due)
  }

  return {
    engine: () => engine,
    submit(promptTokens, maxTokens, listener) {
      const id = nextId++
      engine = submit(engine, { id, promptTokens, maxTokens })
      listeners.set(id, listener)
      if (!busy) begin(performance.now())
      return () => {
        if (listeners.delete(id)) engine = abort(engine, id)
      }
    },
  }
}
