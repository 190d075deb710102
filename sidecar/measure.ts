import { REST_SECONDS, restingSecond } from '../core/model/rest.ts'
import type { Sample } from '../core/model/sample.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Admission } from './admit/admission.ts'
import type { EngineWatch } from './engine.ts'
import type { Gate } from './gate.ts'
import { cpuOf, isQuiet, type Spoken } from './quiet.ts'
import type { DirectWatch } from './signals/connections.ts'
import type { GpuReader } from './signals/gpu.ts'
import type { ResourceReader } from './signals/resources.ts'

/**
 * Makes one sample each second, and one in ten while nothing happens: what lies between is as the last one said
 * (core/model/rest.ts). Nothing here is on the path of a request but the first after a rest.
 */
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
  /** All who read samples know of rest. */
  restful(): boolean
  /** Told each sample. */
  made: (sample: Sample) => void
  /** Told each second of rest that is over, which no sample is sent of. */
  rested: (second: Sample) => void
}

const SECOND_US = 1_000_000

export interface Measuring {
  /** Something changes, or somebody new reads: the next sample comes with the second that this is in. */
  wake(): void
  /** The seconds of rest that are over end: somebody wants to know. */
  catchUp(): void
  /** Ends with a last, shorter second. */
  stop(): void
}

/** Starts the seconds. One timer for what is due next: each one that fires wakes the process. */
export function measure(options: MeasureOptions): Measuring {
  const { clock } = options
  const sampler = seconds(options)
  let due = clock.us() + SECOND_US
  let timer = setTimeout(tick, SECOND_US / 1000)
  let asleep = false

  function arm(): void {
    clearTimeout(timer)
    timer = setTimeout(tick, Math.max(1, (due - clock.us()) / 1000))
  }
  function tick(): void {
    const now = clock.us()
    const rest = sampler.end(now, Math.max(0, now - due))
    asleep = rest > 0
    // On the beat of the first; a second that was slept through is not made up for.
    due += SECOND_US * (rest + Math.max(1, Math.ceil((now - due) / SECOND_US)))
    arm()
  }
  return {
    wake() {
      if (!asleep) return
      asleep = false
      const now = clock.us()
      const ended = sampler.wake(now)
      due -= SECOND_US * Math.max(0, Math.floor((due - now) / SECOND_US))
      // On the beat, but of a whole second nearly.
      if (due - ended < SECOND_US / 2) due += SECOND_US
      arm()
    },
    catchUp: () => sampler.catchUp(clock.us()),
    stop() {
      clearTimeout(timer)
      sampler.catchUp(clock.us())
      sampler.end(clock.us(), 0)
    },
  }
}

export interface Seconds {
  /** Ends a second; gives how many after it are left out, unless it is woken: 0 where it does not rest. */
  end(nowUs: number, lateUs: number): number
  /** Ends those left out that are over by now. */
  catchUp(nowUs: number): void
  /** The same, and what is under way is a second like others. Gives when it began. */
  wake(nowUs: number): number
}

/** One second after the other, at the times given. */
export function seconds(options: MeasureOptions): Seconds {
  const { identity, clock, admission, gate, draining, self, gpu, engine } = options
  let seq = 0
  let start = clock.now()
  let ended = clock.us()
  let spoke: Spoken | null = null

  function catchUp(nowUs: number): void {
    if (spoke === null || spoke.woken) return
    while (spoke.over < REST_SECONDS && ended + SECOND_US <= nowUs) {
      ended += SECOND_US
      start += SECOND_US / 1000
      seq++
      spoke.over++
      gate.wake(admission.second(ended).changed)
      options.rested(restingSecond(spoke.sample, spoke.over))
    }
  }
  function wake(nowUs: number): number {
    catchUp(nowUs)
    if (spoke !== null) spoke.woken = true
    return ended
  }
  function end(nowUs: number, lateUs: number): number {
    // To the nearest second: this one is what is left.
    catchUp(nowUs - SECOND_US / 2)
    const { limit, counts, changed } = admission.second(nowUs)
    gate.wake(changed)
    const nowMs = nowUs / 1000
    const { cpu, memory } = options.resources?.read() ?? { cpu: null, memory: null }
    const fromEngine = engine.read(nowMs)
    const direct = options.direct?.last(nowMs) ?? null
    const resting = options.resting()
    const sample: Sample = {
      v: 1,
      kind: 'replica',
      ...identity,
      seq,
      start,
      ...(draining() ? { draining: true } : {}),
      limit,
      ...counts,
      tokens: fromEngine.tokens ?? counts.tokens,
      cpu: cpuOf(cpu, spoke, resting),
      memory,
      gpu: gpu?.last(nowMs) ?? fromEngine.gpu,
      engine: fromEngine.engine,
      ...(direct === null ? {} : { direct }),
      self: self.read(lateUs),
      causes: options.causes(),
    }
    const rests = resting && options.restful() && !draining() && isQuiet(sample, admission.state)
    if (rests) sample.rest = REST_SECONDS
    spoke = rests ? { sample, over: 0, woken: false } : null
    options.made(sample)
    seq++
    start = clock.now()
    ended = nowUs
    engine.tick(nowMs, resting)
    void gpu?.tick(nowMs, resting)
    void options.direct?.tick(nowMs, resting)
    return rests ? REST_SECONDS : 0
  }
  return { end, catchUp, wake }
}
