import type { Settings } from '../../core/model/settings.ts'
import { defaults } from '../../core/model/settings.ts'
import {
  freshLimit,
  limitDue,
  vertical,
  type LimitState,
  type LimitVerdict,
} from '../../controller/decide/vertical.ts'
import { run, type Controller, type Plant } from './plant.ts'

export const REVISION = 'r1'

export function settingsWith(some: Partial<Settings>): Settings {
  return { ...defaults, ...some }
}

/** The real decider as a controller of a plant, asked each second as the tick does. */
export function learner(
  settings: Settings,
  seen: (verdict: LimitVerdict, now: number) => void = () => undefined,
): Controller {
  let state: LimitState = freshLimit(settings, REVISION)
  return (inputs, now) => {
    if (!limitDue(state, now, settings)) return null
    const verdict = vertical(inputs, state, settings, now, REVISION)
    state = verdict.state
    seen(verdict, now)
    return verdict.outcome.order
  }
}

/** A stand-in that learns nothing. */
export function always(limit: number, plant: Plant): Controller {
  let done = false
  return () => {
    if (done) return null
    done = true
    const objectiveUs = plant.objectiveMs * 1000
    return { limit, objectiveUs, probe: null, latePermille: 1000, queueUs: objectiveUs / 2, n: 1 }
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

const CANDIDATES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 100, 200, 300]

/** Good answers a second at the best fixed limit, by sweep. */
export function oracle(plant: Plant, seconds: number, seed: number): number {
  const goods = CANDIDATES.map(limit =>
    mean(run(plant, always(limit, plant), seconds, seed).good.slice(10)),
  )
  return Math.max(...goods)
}

export interface Score {
  /** Good answers a second over the oracle's, from `from` on. */
  ratio: number
  /** First second from which ten seconds in a row gave 90 % of the oracle; null for never. */
  within: number | null
  limit: number
}

export function score(
  plant: Plant,
  control: Controller,
  best: number,
  { seconds, from, seed }: { seconds: number; from: number; seed: number },
): Score {
  const { good, limits } = run(plant, control, seconds, seed)
  const within = good.findIndex(
    (_, i) => i + 10 <= good.length && mean(good.slice(i, i + 10)) >= 0.9 * best,
  )
  return {
    ratio: mean(good.slice(from)) / best,
    within: within < 0 ? null : within,
    limit: limits.at(-1) ?? 0,
  }
}
