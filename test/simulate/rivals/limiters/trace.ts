import { Random } from '../../../../simulate/random.ts'
import type { Answer } from '../../../../simulate/rivals/limiters/limiter.ts'

export interface Timed extends Answer {
  nowUs: number
}

const PHASE = 2_500

/** Answers in twelve phases of other rates, latencies, numbers in flight and errors; from 10 s on. */
export function trace(): Timed[] {
  const chance = new Random(11)
  let nowUs = 10_000_000
  return Array.from({ length: 12 * PHASE }, (_, i) => {
    const phase = Math.floor(i / PHASE)
    const { gapUs, most, baseUs, eachUs, failing } = kind(phase)
    nowUs += 1 + Math.floor(chance.exponential(gapUs))
    const inFlight = 1 + chance.below(most)
    const rttUs = Math.max(150, Math.floor(chance.lognormal(baseUs + inFlight * eachUs, 0.4)))
    return { rttUs, inFlight, ok: chance.uniform() >= failing, reached: false, nowUs }
  })
}

interface Kind {
  gapUs: number
  most: number
  baseUs: number
  eachUs: number
  failing: number
}

const of = (list: readonly number[], phase: number): number => list[phase % list.length] ?? 0

const kind = (phase: number): Kind => ({
  gapUs: of([2_000, 5_000, 300, 8_000], phase),
  most: of([10, 40, 80, 25], phase),
  baseUs: of([20_000, 25_000, 90_000, 30_000, 5_000], phase),
  eachUs: of([0, 300, 1_500], phase),
  failing: phase === 6 ? 1 : of([0, 0, 0, 0, 0.05], phase),
})
