import type { Engine, Asked, Choice } from '../../../../cli/simulate/engine.ts'
import type { Played, Seconds, Totals } from '../../../../simulate/result.ts'

/** A run that never was: a step of the traffic, followed by replicas a while later. */
export interface Given extends Partial<Choice> {
  scenario?: string
  length?: number
  reasons?: string[]
  totals?: Partial<Totals>
  seconds?: Partial<Seconds>
}

export function made(given: Given = {}): Played {
  const { scenario = 'step', policy = 'outrigger', limiter = 'outrigger', seed = 1 } = given
  const length = given.length ?? 60
  const of = (value: (second: number) => number): number[] =>
    Array.from({ length }, (_, second) => value(second))
  const late = (second: number): boolean => second >= length / 2
  const seconds: Seconds = {
    offered: of(s => (late(s) ? 40 : 4)),
    answered: of(s => (late(s) ? 38 : 4)),
    good: of(s => (late(s) ? 37 : 4)),
    bad: of(s => (s === length / 2 ? 20 : 0)),
    lost: of(s => (s === length / 2 ? 10 : 0)),
    desired: of(s => (late(s) ? 10 : 1)),
    ready: of(s => (late(s - 5) ? 10 : 1)),
    limit: of(() => 4),
    inFlight: of(s => (late(s) ? 38 : 3)),
    waiting: of(s => (late(s) && !late(s - 5) ? 15 : 0)),
    ...given.seconds,
  }
  const quantiles = { p50: 0, p95: 12_000, p99: 1_400_000, max: 2_000_000 }
  const totals: Totals = {
    offered: 1320,
    answered: 1260,
    good: 1230,
    bad: 20,
    lost: 10,
    rejections: 33,
    replicaSeconds: 330,
    directionChanges: 1,
    wait: quantiles,
    response: { ...quantiles, p50: 200_000 },
    service: quantiles,
    ...given.totals,
  }
  return { scenario, policy, limiter, seed, reasons: given.reasons ?? [], seconds, totals }
}

/** Scenarios are read as they are, with what they leave out; a run's bad requests are 10 times its seed. */
export function madeEngine(playing: (choice: Choice) => void = () => {}): Engine<Asked> {
  return {
    scenarioFrom(raw) {
      if (typeof raw !== 'object' || raw === null) throw new Error('the whole: expected a mapping')
      if ('wrong' in raw)
        throw new Error('wrong: expected right, got wrong\nrun: expected a duration')
      const [policies, limiters] = [['outrigger'], ['outrigger']]
      return { name: null, about: null, seed: 1, policies, limiters, expect: {}, ...raw }
    },
    play(_, choice, progress) {
      playing(choice)
      progress(0.5)
      return made({ ...choice, scenario: 'unnamed', totals: { bad: 10 * choice.seed } })
    },
    unknownPolicy: name => (name === 'nobody' ? 'no policy nobody' : null),
    unknownLimiter: name => (name === 'nothing' ? 'no limiter nothing' : null),
  }
}
