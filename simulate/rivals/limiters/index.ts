import { aimdObjective, aimdSlowStart } from './aimd-objective.ts'
import { brpc } from './brpc.ts'
import { envoy } from './envoy.ts'
import { failsafeGo } from './failsafe-go.ts'
import type { MakeLimiter } from './limiter.ts'
import { netflixAimd } from './netflix-aimd.ts'
import { netflixGradient2 } from './netflix-gradient2.ts'
import { netflixVegas } from './netflix-vegas.ts'
import { alwaysDouble, alwaysMax, alwaysMin, fixed, frozen } from './stand-ins.ts'
import { vectorArc } from './vector-arc.ts'

/** The rival limiters by name, then the stand-ins. */
export const limiters: Readonly<Record<string, MakeLimiter>> = {
  'netflix-aimd': netflixAimd,
  'netflix-vegas': netflixVegas,
  'netflix-gradient2': netflixGradient2,
  'envoy-p50': envoy(0.5),
  'envoy-p90': envoy(0.9),
  'vector-arc': vectorArc,
  'failsafe-go': failsafeGo,
  brpc,
  'aimd-objective': aimdObjective,
  'aimd-slow-start': aimdSlowStart,
  frozen,
  'always-min': alwaysMin,
  'always-max': alwaysMax,
  'always-double': alwaysDouble,
}

/** fixed-N: a limit of N from 1. */
export const FIXED = /^fixed-([1-9][0-9]*)$/

/** One of `limiters`, or fixed-N. */
export function limiterNamed(name: string): MakeLimiter {
  const known = Object.hasOwn(limiters, name) ? limiters[name] : undefined
  if (known !== undefined) return known
  const digits = FIXED.exec(name)?.[1]
  if (digits !== undefined) return fixed(Number(digits))
  throw new Error(
    `no limiter ${name}: expected fixed-N or one of ${Object.keys(limiters).join(', ')}`,
  )
}
