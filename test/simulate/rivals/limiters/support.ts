import type { Answer, LimiterOptions } from '../../../../simulate/rivals/limiters/limiter.ts'
import { Random } from '../../../../simulate/random.ts'

export const MS = 1000
export const SECOND = 1_000_000

export const options = (over: Partial<LimiterOptions> = {}): LimiterOptions => ({
  first: 20,
  max: 1000,
  objectiveUs: null,
  random: new Random(1),
  ...over,
})

export const answer = (over: Partial<Answer> = {}): Answer => ({
  rttUs: 10 * MS,
  inFlight: 1,
  ok: true,
  reached: false,
  ...over,
})
