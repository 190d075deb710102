import type { Sample } from '../core/model/sample.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Admission } from './admit/admission.ts'
import type { EngineWatch } from './engine.ts'
import type { Gate } from './gate.ts'
import type { DirectWatch } from './signals/connections.ts'
import type { GpuReader } from './signals/gpu.ts'
import type { ResourceReader } from './signals/resources.ts'

/** Makes one sample each second. Nothing here is on the path of a request. */
export interface MeasureOptions {
  identity: Pick<Sample, 'endpoint' | 'revision' | 'replica' | 'boot'>
  clock: Clock
  admission: Admission
  gate: Gate
  draining(): boolean
  /** null: the model's process is not known. */
  resources: ResourceReader | null
  self: { read(lateUs: number): Sample['self'] }
  gpu: GpuReader | null
  engine: EngineWatch
  /** null: the model's connections can't be told from ours, or can't be seen. */
  direct: DirectWatch | null
  causes: () => string[]
  /** Nobody uses the model: what can wait is looked at less often. */
  resting(): boolean
  /** Told each sample. */
  made: (sample: Sample) => void
}

const SECOND_US = 1_000_000

/** Starts the seconds; the function given back ends them with a last, shorter one. */
export function measure(options: MeasureOptions): () => void {
  const { clock } = options
  const sampler = seconds(options)
  let due = clock.us() + SECOND_US
  let timer = setTimeout(tick, SECOND_US / 1000)

  function tick(): void {
    const now = clock.us()
    sampler.end(now, Math.max(0, now - due))
    // On the beat of the first; a second that was slept through is not made up for.
    due += SECOND_US * Math.max(1, Math.ceil((now - due) / SECOND_US))
    timer = setTimeout(tick, Math.max(1, (due - clock.us()) / 1000))
  }
  return () => {
    clearTimeout(timer)
    sampler.end(clock.us(), 0)
  }
}

/** One second after the other, at the times given. */
export function seconds(options: MeasureOptions): { end(nowUs: number, lateUs: number): void } {
  const { identity, clock, admission, gate, draining, resources, self, gpu, engine } = options
  let seq = 0
  let start = clock.now()
  return {
    end(nowUs, lateUs) {
      const { limit, counts, changed } = admission.second(nowUs)
      gate.wake(changed)
      const nowMs = nowUs / 1000
      const fromEngine = engine.read(nowMs)
      const direct = options.direct?.last(nowMs) ?? null
      options.made({
        v: 1,
        kind: 'replica',
        ...identity,
        seq,
        start,
        ...(draining() ? { draining: true } : {}),
        limit,
        ...counts,
        tokens: fromEngine.tokens ?? counts.tokens,
        ...(resources?.read() ?? { cpu: null, memory: null }),
        gpu: gpu?.last(nowMs) ?? fromEngine.gpu,
        engine: fromEngine.engine,
        ...(direct === null ? {} : { direct }),
        self: self.read(lateUs),
        causes: options.causes(),
      })
      seq++
      start = clock.now()
      engine.tick(nowMs, options.resting())
      void gpu?.tick(nowMs)
      void options.direct?.tick(nowMs)
    },
  }
}
