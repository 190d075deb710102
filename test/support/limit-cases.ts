import type { Inputs } from '../../core/model/decision.ts'
import { DistributionRecorder } from '../../core/model/distribution.ts'
import type { Settings } from '../../core/model/settings.ts'
import type { ArmFold } from '../../core/model/windows.ts'
import {
  freshLimit,
  vertical,
  type LimitState,
  type LimitVerdict,
} from '../../controller/decide/vertical.ts'
import { emptyFold, emptyInputs, emptySummary } from './blank.ts'
import { REVISION, settingsWith } from './learner.ts'

export const T0 = 1_700_000_000_000
export const given = settingsWith({ 'latency-objective': 1000 })

/** `seconds` of one arm: each with `ok` answers of `ms`, at `limit` in flight all the time. */
export function fold(
  n: number,
  arm: ArmFold['arm'],
  slot: number,
  seconds: number,
  ok: number,
  ms: number,
  limit: number,
): ArmFold {
  const recorder = new DistributionRecorder()
  for (let i = 0; i < ok * seconds; i++) recorder.add(ms * 1000 * (0.8 + 0.4 * ((i % 10) / 10)))
  const us = seconds * 1_000_000
  return {
    ...emptyFold(n, slot, arm),
    seconds,
    us,
    ok: ok * seconds,
    inFlightIntegral: limit * us,
    boundUs: us,
    service: recorder.take(),
    limit,
    okSquares: ok * ok * seconds,
  }
}

export function seen(folds: ArmFold[], of: Partial<ReturnType<typeof emptySummary>> = {}): Inputs {
  const windows = Object.fromEntries(
    [1, 3, 20, 30, 300].map(s => [
      s,
      { ...emptySummary(s, 1), boundPermille: 1000, ok: 100, ...of },
    ]),
  )
  return emptyInputs(1, windows, folds)
}

export function decided(
  state: LimitState,
  inputs: Inputs,
  settings: Settings,
  now: number,
): LimitVerdict {
  return vertical(inputs, state, settings, now, REVISION)
}

/** The first order is out: the state in which its evidence is judged. */
export function begun(settings: Settings): LimitState {
  return decided(freshLimit(settings, REVISION), seen([]), settings, T0).state
}

/** Its first second is over in which the limit was never reached: what comes from now on has settled. */
export function idled(settings: Settings): LimitState {
  const first = { ...fold(1, 'none', 0, 1, 100, 100, 4), boundUs: 0 }
  return decided(begun(settings), seen([first]), settings, T0 + 2000).state
}

/** Steady at `limit` with order 7 that compares it with `other`. */
export function comparing(limit: number, other: number, settings = given): LimitState {
  const probe = { other, slotSeconds: 3, settleSeconds: 1 }
  return {
    ...freshLimit(settings, REVISION),
    phase: 'steady',
    limit,
    order: { limit, objectiveUs: 1_000_000, probe, latePermille: 100, queueUs: 500_000, n: 7 },
    orderAt: T0,
    planSeconds: 30,
    derivedUs: settings['latency-objective'] === null ? 1_000_000 : null,
    service: { meanUs: 100_000, medianUs: 100_000, relaxUs: 100_000 },
    cycles: 5,
  }
}

/** Arms a and b over slots 0 to 7, and slot 8 that has just begun. */
export function arms(
  a: [ok: number, ms: number, limit: number],
  b: [ok: number, ms: number, limit: number],
): ArmFold[] {
  return Array.from({ length: 9 }, (_, slot) =>
    slot % 2 === 0 ? fold(7, 'a', slot, 2, ...a) : fold(7, 'b', slot, 2, ...b),
  )
}

export const codes = (v: LimitVerdict): string[] => v.reasons.map(r => r.code)
